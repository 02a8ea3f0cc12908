#include "watch/json_stream.h"

#include "weir/base/ascii.h"

#include <string>

namespace weir::watch {
namespace {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Walks over one top-level value, counting brackets outside strings and noting where the elements of the top-level
// member "items" start.
class Scanner {
 public:
  Scanner(std::string_view text, int line) : text_(text), line_(line) {}

  // The end of the value that starts at `at`; the end of the text when it is not complete.
  std::size_t scan(std::size_t at, JsonDocument& document) {
    document.line = line_;
    int depth = 0;
    bool items = false;  // within the list
    bool element_expected = false;
    std::string_view last_string;
    for (; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '\n') ++line_;
      if (is_space(c)) continue;
      if (items && depth == 2 && element_expected && c != ']') {
        document.item_lines.push_back(line_);
        element_expected = false;
      }
      if (c == '"') {
        const std::size_t end = string_end(at);
        if (depth == 1) last_string = text_.substr(at, end - at);
        at = end - 1;
      } else if (c == '{' || c == '[') {
        if (++depth == 2) {
          items = c == '[' && last_string == "\"items\"" && document.item_lines.empty();
          element_expected = items;
        }
      } else if (c == '}' || c == ']') {
        if (--depth <= 0) return at + 1;
        if (depth == 1) items = false;
      } else if (c == ',' && depth == 2) {
        element_expected = items;
      } else if (depth == 0) {
        return word_end(at);
      }
      if (depth == 0) return at + 1;
    }
    return at;
  }

  int line() const { return line_; }

 private:
  std::size_t string_end(std::size_t at) {
    for (++at; at < text_.size(); ++at) {
      if (text_[at] == '\n') ++line_;  // not allowed in JSON, but lines are counted all the same
      if (text_[at] == '\\') {
        ++at;
      } else if (text_[at] == '"') {
        return at + 1;
      }
    }
    return text_.size();
  }

  std::size_t word_end(std::size_t at) const {
    while (at < text_.size() && !is_space(text_[at]) && text_[at] != '{' && text_[at] != '[') ++at;
    return at;
  }

  std::string_view text_;
  int line_;
};

}  // namespace

std::vector<JsonDocument> split_json(std::string_view text) {
  std::vector<JsonDocument> documents;
  std::size_t at = text.substr(0, 3) == "\xef\xbb\xbf" ? 3 : 0;
  int line = 1;
  for (;;) {
    for (; at < text.size() && is_space(text[at]); ++at) {
      if (text[at] == '\n') ++line;
    }
    if (at >= text.size()) return documents;
    JsonDocument document;
    document.lines_match = true;
    Scanner scanner(text, line);
    const std::size_t end = scanner.scan(at, document);
    document.json = text.substr(at, end - at);
    documents.push_back(std::move(document));
    line = scanner.line();
    // What follows something that is no object cannot be told apart from it: one message is enough.
    if (text[at] != '{') return documents;
    at = end;
  }
}

}  // namespace weir::watch
