// ExplainPage: the text that `weir explain` prints: sections of lines and tables.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::app {

class ExplainPage {
 public:
  using Rows = std::vector<std::vector<std::string>>;

  void section(std::string_view title);
  void line(std::string_view name, std::string_view value);
  void table(const Rows& rows);  // columns as wide as their widest cell, within reason
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace weir::app
