// `weir wait-shutdown`: ends the other Weir of this container and waits until it is gone. The chart of ingress-nginx
// calls it as /wait-shutdown in a preStop hook; Weir's own needs none.
#include "commands.h"
#include "print.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::app {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kPause{100};

// Is the program of a process this very one? Nothing: the kernel does not say, for it started with a capability (of its
// file, to listen below 1024) and is closed to its own account, too (proc(5), ptrace access mode).
std::optional<bool> is_this_program(const std::string& folder) {
  struct stat own, other;
  if (::stat("/proc/self/exe", &own) != 0) return false;
  if (::stat((folder + "/exe").c_str(), &other) != 0) {
    return errno == EACCES || errno == EPERM ? std::nullopt : std::optional(false);
  }
  return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

// Does the process run this very program as the daemon? Its arguments are asked too: a second shell command of the same
// program is no daemon. They alone decide where the kernel keeps the rest to itself.
bool is_daemon(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::optional<bool> same = is_this_program(folder);
  if (same == false) return false;
  std::ifstream file(folder + "/cmdline", std::ios::binary);
  const std::string line{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string path = line.substr(0, line.find('\0'));
  const std::string program = path.substr(path.rfind('/') + 1);
  if (program == "nginx-ingress-controller") return true;
  if (!same && program != "weir") return false;
  const auto second = line.find('\0');
  if (second == std::string::npos) return false;
  const std::string argument = line.c_str() + second + 1;
  return argument == "serve" || argument.starts_with("-");
}

std::vector<pid_t> daemons() {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return found;
  while (const dirent* entry = ::readdir(folder.get())) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid > 0 && pid != ::getpid() && is_daemon(pid)) found.push_back(pid);
  }
  return found;
}

int wait_shutdown() {
  const std::vector<pid_t> all = daemons();
  if (all.empty()) {
    print_error("weir wait-shutdown: no other Weir runs here\n");
    return 1;
  }
  for (const pid_t pid : all) {
    if (::kill(pid, SIGTERM) != 0 && errno != ESRCH) {
      print_error("weir wait-shutdown: process " + std::to_string(pid) + ": " + std::strerror(errno) + "\n");
      return 1;
    }
  }
  asio::io_context context{1};
  // The kubelet ends the hook after the pod's grace period.
  for (const pid_t pid : all) {
    while (is_daemon(pid)) asio::steady_timer(context, kPause).wait();
  }
  return 0;
}

}  // namespace

Command wait_shutdown_command() {
  Command command;
  command.name = "wait-shutdown";
  command.summary = "end the Weir of this container and wait until its last request has ended";
  command.run = [](const std::vector<std::string>&, const std::vector<std::string>&) { return wait_shutdown(); };
  return command;
}

}  // namespace weir::app
