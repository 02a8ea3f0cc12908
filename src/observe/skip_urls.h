// skip-access-log-urls: which request targets are not logged (spec 6.6). Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::observe {

class SkipUrls {
 public:
  // "~re" and "~*re" (any case) are searched in the raw target; everything else is compared whole, in any case.
  // Patterns that do not compile are left out and described in `problems`.
  SkipUrls(const std::vector<std::string>& urls, std::vector<std::string>& problems);
  ~SkipUrls();

  bool empty() const { return exact_.empty() && patterns_.empty(); }
  bool matches(std::string_view target) const;

 private:
  struct Pattern;
  std::vector<std::string> exact_;
  std::vector<std::unique_ptr<const Pattern>> patterns_;
};

}  // namespace weir::observe
