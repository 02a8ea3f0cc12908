#include "process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace weir::observe {

namespace {

// The fields of /proc/self/stat from the third on ("state"); the second may hold blanks and brackets.
bool read_stat(std::istringstream& fields) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  const std::size_t end = line.rfind(')');
  if (end == std::string::npos) return false;
  fields.str(line.substr(end + 1));
  return true;
}

double boot_time() {
  static const double value = [] {
    std::ifstream file("/proc/stat");
    std::string key;
    while (file >> key) {
      if (key == "btime") {
        double seconds = 0;
        file >> seconds;
        return seconds;
      }
      file.ignore(1 << 20, '\n');
    }
    return 0.0;
  }();
  return value;
}

std::uint64_t count_fds() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (!directory) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  ::closedir(directory);
  return count > 0 ? count - 1 : 0;  // without the one that looks
}

}  // namespace

ProcessFigures read_process_figures() {
  ProcessFigures figures;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));

  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  std::istringstream stat;
  if (read_stat(stat)) {
    std::string field;
    // proc(5): 3 state ... 20 num_threads, 22 starttime, 23 vsize, 24 rss.
    for (int number = 3; number <= 24 && stat >> field; ++number) {
      const std::uint64_t value = std::strtoull(field.c_str(), nullptr, 10);
      if (number == 20) figures.threads = value;
      if (number == 22) figures.start_time = boot_time() + static_cast<double>(value) / ticks;
      if (number == 23) figures.virtual_bytes = value;
      if (number == 24) figures.resident_bytes = value * page;
    }
  }
  std::ifstream io("/proc/self/io");
  std::string key;
  std::uint64_t value = 0;
  while (io >> key >> value) {
    if (key == "read_bytes:") figures.read_bytes = value;
    if (key == "write_bytes:") figures.write_bytes = value;
  }
  figures.open_fds = count_fds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = limit.rlim_cur;
  return figures;
}

}  // namespace weir::observe
