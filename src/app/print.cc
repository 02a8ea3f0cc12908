#include "print.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace weir::app {

namespace {

std::atomic<int> failure{0};

// An error number; 0: all is written.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace

void print(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  int none = 0;
  if (error != 0 && error != EPIPE) failure.compare_exchange_strong(none, error);
}

void print_error(std::string_view text) {
  (void)write_all(STDERR_FILENO, text);
}

int print_failure() {
  return failure.load();
}

std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') {
      out += "\\|";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '\n') {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace weir::app
