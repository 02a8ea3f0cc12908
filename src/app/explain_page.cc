#include "explain_page.h"

#include <algorithm>
#include <cstddef>

namespace weir::app {
namespace {

constexpr std::size_t kNameWidth = 14;
constexpr std::size_t kWidestColumn = 60;

// Values of objects may hold anything; what is printed stays one line.
std::string clean(std::string_view value) {
  std::string out;
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out;
}

}  // namespace

void ExplainPage::section(std::string_view title) {
  text_ += "\n" + std::string(title) + "\n";
}

void ExplainPage::line(std::string_view name, std::string_view value) {
  const std::size_t gap = name.size() < kNameWidth ? kNameWidth - name.size() : 1;
  text_ += "  " + std::string(name) + std::string(gap, ' ') + clean(value) + "\n";
}

void ExplainPage::table(const Rows& rows) {
  std::vector<std::size_t> widths;
  for (const auto& cells : rows) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::min(kWidestColumn, std::max(widths[i], clean(cells[i]).size()));
    }
  }
  for (const auto& cells : rows) {
    text_ += " ";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = clean(cells[i]);
      text_ += " " + cell;
      if (i + 1 < cells.size() && cell.size() < widths[i]) text_ += std::string(widths[i] - cell.size(), ' ');
    }
    text_ += "\n";
  }
}

}  // namespace weir::app
