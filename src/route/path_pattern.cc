#include "route/path_pattern.h"

#include "weir/base/ascii.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

namespace weir::route {
namespace {

// Ends `^(a+)+$` on 31 bytes after 0.14 ms; PCRE2's own limit would take 14 ms.
constexpr std::uint32_t kMatchLimit = 100'000;
constexpr std::size_t kJitStackStart = 32 * 1024;
constexpr std::size_t kJitStackMost = 256 * 1024;
constexpr std::size_t kLongestPattern = 64 * 1024;
constexpr unsigned kPairs = 10;  // the whole match and $1..$9

PCRE2_SPTR bytes(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

}  // namespace

PathPattern::PathPattern(std::string text, pcre2_real_code_8* code, bool jit)
    : text_(std::move(text)), code_(code), jit_(jit) {}

PathPattern::~PathPattern() {
  pcre2_code_free(code_);
}

base::Result<PathPatternPtr> PathPattern::compile(std::string text, Case letters) {
  if (text.size() > kLongestPattern)
    return base::fail("it is longer than " + std::to_string(kLongestPattern) + " bytes");
  int error = 0;
  PCRE2_SIZE offset = 0;
  // Requests are bytes: a pattern must not switch to UTF-8, whose validity the JIT would take for granted.
  constexpr std::uint32_t kOptions = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
  const std::uint32_t options = kOptions | (letters == Case::ignored ? PCRE2_CASELESS : 0);
  pcre2_code* code = pcre2_compile(bytes(text), text.size(), options, &error, &offset, nullptr);
  if (!code) {
    PCRE2_UCHAR message[128] = {};
    pcre2_get_error_message(error, message, sizeof message);
    return base::fail(std::string(reinterpret_cast<const char*>(message)) + " at offset " + std::to_string(offset));
  }
  const bool jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
  return PathPatternPtr(new PathPattern(std::move(text), code, jit));
}

base::Result<PathPatternPtr> PatternCache::get(const std::string& text) {
  std::weak_ptr<const PathPattern>& slot = patterns_[text];
  if (PathPatternPtr known = slot.lock()) return known;
  auto made = PathPattern::compile(text);
  if (!made) {
    patterns_.erase(text);
    return made;
  }
  slot = *made;
  if (patterns_.size() >= prune_at_) {
    std::erase_if(patterns_, [](const auto& entry) { return entry.second.expired(); });
    prune_at_ = std::max<std::size_t>(1024, patterns_.size() * 2);
  }
  return made;
}

Matcher::~Matcher() {
  pcre2_match_data_free(data_);
  pcre2_match_context_free(context_);
  pcre2_jit_stack_free(stack_);
}

bool Matcher::prepare() {
  if (!data_) data_ = pcre2_match_data_create(kPairs, nullptr);
  if (!context_) {
    context_ = pcre2_match_context_create(nullptr);
    stack_ = pcre2_jit_stack_create(kJitStackStart, kJitStackMost, nullptr);
    if (context_) {
      pcre2_set_match_limit(context_, kMatchLimit);
      pcre2_jit_stack_assign(context_, nullptr, stack_);
    }
  }
  return data_ && context_;
}

Matcher::Result Matcher::match(const PathPattern& pattern, std::string_view subject) {
  if (!data_ && !prepare()) {
    ++gave_up_;
    return Result::gave_up;
  }
  if (subject.data() == nullptr) subject = "";
  const int result = pattern.jit_
                         ? pcre2_jit_match(pattern.code_, bytes(subject), subject.size(), 0, 0, data_, context_)
                         : pcre2_match(pattern.code_, bytes(subject), subject.size(), 0, 0, data_, context_);
  if (result >= 0) {
    groups_ = result == 0 ? static_cast<int>(kPairs) : result;  // 0: more groups than pairs
    return Result::yes;
  }
  if (result == PCRE2_ERROR_NOMATCH) return Result::no;
  ++gave_up_;
  return Result::gave_up;
}

std::string_view Matcher::capture(unsigned number, std::string_view subject) const {
  if (static_cast<int>(number) >= groups_) return {};
  const PCRE2_SIZE* pairs = pcre2_get_ovector_pointer(data_);
  const PCRE2_SIZE start = pairs[2 * number];
  const PCRE2_SIZE end = pairs[2 * number + 1];
  if (start == PCRE2_UNSET || end < start || end > subject.size()) return {};
  return subject.substr(start, end - start);
}

LiteralPrefix literal_prefix(std::string_view pattern) {
  constexpr std::string_view kMeta = "^$.[](){}*+?|\\";
  const std::size_t end = std::min(pattern.find_first_of(kMeta), pattern.size());
  LiteralPrefix prefix;
  if (end == pattern.size()) {
    prefix.text = base::to_lower(pattern);
    prefix.whole = true;
    return prefix;
  }
  // An alternative at the top level makes the prefix belong to its first branch only. Deciding that needs the nesting
  // of parentheses, which is plain only without classes, quoting and comments; in doubt there is no prefix.
  if (pattern.find('|') != std::string_view::npos) {
    if (pattern.find('[') != std::string_view::npos || pattern.find("\\Q") != std::string_view::npos ||
        pattern.find("(?#") != std::string_view::npos) {
      return prefix;
    }
    int depth = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == '\\')
        ++i;
      else if (pattern[i] == '(')
        ++depth;
      else if (pattern[i] == ')')
        --depth;
      else if (pattern[i] == '|' && depth <= 0)
        return prefix;
    }
  }
  // A quantifier takes the last character back.
  const bool quantified = std::string_view("*?+{").find(pattern[end]) != std::string_view::npos;
  prefix.text = base::to_lower(pattern.substr(0, quantified && end > 0 ? end - 1 : end));
  return prefix;
}

bool starts_with_caseless(std::string_view text, std::string_view lower_prefix) {
  if (text.size() < lower_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_prefix.size(); ++i) {
    if (base::to_lower(text[i]) != lower_prefix[i]) return false;
  }
  return true;
}

}  // namespace weir::route
