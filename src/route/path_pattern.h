// Regular expressions of paths and host names: PCRE2 with JIT, case-insensitive (unless asked otherwise), bytes (spec
// 2.5). A PathPattern is
// immutable and shared by all threads; a Matcher belongs to one thread.
#pragma once

#include "weir/base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;
struct pcre2_real_jit_stack_8;

namespace weir::route {

class PathPattern;
using PathPatternPtr = std::shared_ptr<const PathPattern>;

class PathPattern {
 public:
  enum class Case { ignored, exact };

  // The error says what is wrong and where.
  static base::Result<PathPatternPtr> compile(std::string text, Case letters = Case::ignored);
  ~PathPattern();
  PathPattern(const PathPattern&) = delete;
  PathPattern& operator=(const PathPattern&) = delete;

  const std::string& text() const { return text_; }

 private:
  friend class Matcher;
  PathPattern(std::string text, pcre2_real_code_8* code, bool jit);

  std::string text_;
  pcre2_real_code_8* code_;
  bool jit_;
};

// Equal texts share one compiled pattern; 10,000 hosts often have the same few. Control thread.
class PatternCache {
 public:
  base::Result<PathPatternPtr> get(const std::string& text);

 private:
  std::unordered_map<std::string, std::weak_ptr<const PathPattern>> patterns_;
  std::size_t prune_at_ = 1024;
};

class Matcher {
 public:
  enum class Result { no, yes, gave_up };  // gave_up: match limit or stack; counted, treated as "no" (rulings)

  Matcher() = default;
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  Result match(const PathPattern& pattern, std::string_view subject);
  // Of the last match that said yes, for the same subject; empty if the group is missing or took no part.
  std::string_view capture(unsigned number, std::string_view subject) const;
  std::uint64_t gave_up() const { return gave_up_; }

 private:
  bool prepare();

  pcre2_real_match_data_8* data_ = nullptr;  // made by the first match
  pcre2_real_match_context_8* context_ = nullptr;
  pcre2_real_jit_stack_8* stack_ = nullptr;
  int groups_ = 0;
  std::uint64_t gave_up_ = 0;
};

// The text every match of `pattern` must start with, in lower case; `whole`: the pattern is nothing but that text.
struct LiteralPrefix {
  std::string text;
  bool whole = false;
};
LiteralPrefix literal_prefix(std::string_view pattern);

// ASCII case-insensitive; `lower_prefix` is in lower case.
bool starts_with_caseless(std::string_view text, std::string_view lower_prefix);

}  // namespace weir::route
