// Figures of this process, read from /proc. Any thread.
#pragma once

#include <cstdint>

namespace weir::observe {

struct ProcessFigures {
  double cpu_seconds = 0;
  double start_time = 0;  // seconds since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t read_bytes = 0;  // from and to storage
  std::uint64_t write_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
};

// What cannot be read stays 0.
ProcessFigures read_process_figures();

}  // namespace weir::observe
