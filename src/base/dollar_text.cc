#include "weir/base/dollar_text.h"

#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::base {
namespace {

bool is_name_character(char c) {
  return is_alnum(c) || c == '_';
}

}  // namespace

bool DollarReader::next() {
  begin_ = end_;
  if (begin_ == text_.size()) return false;
  if (text_[begin_] != '$') {
    end_ = std::min(text_.find('$', begin_), text_.size());
    kind_ = DollarKind::literal;
    piece_ = written();
  } else if (begin_ + 1 < text_.size() && text_[begin_ + 1] == '{') {
    read_braced();
  } else {
    read_plain();
  }
  return true;
}

void DollarReader::read_braced() {
  const std::size_t close = text_.find('}', begin_);
  if (close == std::string_view::npos) {
    end_ = begin_ + 2;
    kind_ = DollarKind::unclosed;
    piece_ = written();
    return;
  }
  end_ = close + 1;
  piece_ = text_.substr(begin_ + 2, close - begin_ - 2);
  kind_ = DollarKind::variable;
  if (!piece_.empty()) return;
  kind_ = DollarKind::nameless;
  piece_ = written();
}

void DollarReader::read_plain() {
  end_ = begin_ + 1;
  if (end_ < text_.size() && text_[end_] >= '1' && text_[end_] <= '9') {
    ++end_;
  } else {
    while (end_ < text_.size() && is_name_character(text_[end_])) ++end_;
  }
  const bool named = end_ > begin_ + 1;
  kind_ = named ? DollarKind::variable : DollarKind::nameless;
  piece_ = named ? text_.substr(begin_ + 1, end_ - begin_ - 1) : written();
}

}  // namespace weir::base
