// How long each manifest takes from file to routing table, by the code of `weir check`: "<microseconds> <path>" a line.
// The best of five runs, so that another process on the machine does not count.
#include "app/load_model.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
  const weir::model::Options options;
  for (int i = 1; i < argc; ++i) {
    auto best = std::chrono::microseconds::max();
    for (int run = 0; run < 5; ++run) {
      const auto begin = std::chrono::steady_clock::now();
      const weir::app::LoadedModel loaded = weir::app::load_model({argv[i]}, options);
      const auto end = std::chrono::steady_clock::now();
      best = std::min(best, std::chrono::duration_cast<std::chrono::microseconds>(end - begin));
      if (loaded.table == nullptr) return 1;
    }
    std::printf("%lld %s\n", static_cast<long long>(best.count()), argv[i]);
  }
  return 0;
}
