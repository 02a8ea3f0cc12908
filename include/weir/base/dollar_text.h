// How $name and ${name} stand in a text (spec 0.4): the one reader of this syntax, for log formats and for every value
// with variables. What the names mean is their users' business.
//
//   DollarReader reader("a/$host");
//   while (reader.next()) use(reader.kind(), reader.text());
//
// A name is letters, digits and `_`; `$1`..`$9` end after their digit, so that $10 is $1 followed by 0. Pure; views
// into the text. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::base {

// nameless: `$` or `${}` that starts no variable; unclosed: `${` without `}`. Of both, text() is what is written.
enum class DollarKind : std::uint8_t { literal, variable, nameless, unclosed };

class DollarReader {
 public:
  explicit DollarReader(std::string_view text) : text_(text) {}

  // The next piece; false at the end of the text.
  bool next();
  DollarKind kind() const { return kind_; }
  // Of a variable: its name.
  std::string_view text() const { return piece_; }
  // The piece as it is written; those of all pieces together are the text.
  std::string_view written() const { return text_.substr(begin_, end_ - begin_); }

 private:
  void read_braced();
  void read_plain();

  std::string_view text_;
  std::string_view piece_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  DollarKind kind_ = DollarKind::literal;
};

}  // namespace weir::base
