#include "skip_urls.h"

#include "weir/base/ascii.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

namespace weir::observe {

namespace {

constexpr std::uint32_t kMatchLimit = 100'000;  // about 0.15 ms; beyond it counts as no match

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

// Scratch space of matching may not be shared between threads.
struct Scratch {
  std::unique_ptr<pcre2_match_data, FreeMatchData> data{pcre2_match_data_create(1, nullptr)};
  std::unique_ptr<pcre2_match_context, FreeContext> context{pcre2_match_context_create(nullptr)};
  Scratch() { pcre2_set_match_limit(context.get(), kMatchLimit); }
};

PCRE2_SPTR bytes(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

}  // namespace

struct SkipUrls::Pattern {
  std::unique_ptr<pcre2_code, FreeCode> code;
};

SkipUrls::SkipUrls(const std::vector<std::string>& urls, std::vector<std::string>& problems) {
  for (const std::string& url : urls) {
    if (!url.starts_with('~')) {
      exact_.push_back(url);
      continue;
    }
    std::string_view expression = std::string_view(url).substr(1);
    std::uint32_t options = 0;
    if (expression.starts_with('*')) {
      expression.remove_prefix(1);
      options = PCRE2_CASELESS;
    }
    int error = 0;
    PCRE2_SIZE offset = 0;
    auto pattern = std::make_unique<Pattern>();
    pattern->code.reset(pcre2_compile(bytes(expression), expression.size(), options, &error, &offset, nullptr));
    if (!pattern->code) {
      PCRE2_UCHAR message[128] = {};
      pcre2_get_error_message(error, message, sizeof message);
      problems.push_back("skip-access-log-urls: pattern \"" + url + "\" does not compile at offset " +
                         std::to_string(offset) + ": " + reinterpret_cast<const char*>(message) + "; it is left out");
      continue;
    }
    // Without JIT the pattern is interpreted: slower, same answers.
    (void)pcre2_jit_compile(pattern->code.get(), PCRE2_JIT_COMPLETE);
    patterns_.push_back(std::move(pattern));
  }
}

SkipUrls::~SkipUrls() = default;

bool SkipUrls::matches(std::string_view target) const {
  if (std::any_of(exact_.begin(), exact_.end(), [&](const std::string& url) { return base::iequals(url, target); })) {
    return true;
  }
  if (patterns_.empty()) return false;
  thread_local Scratch scratch;
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& pattern) {
    return pcre2_match(pattern->code.get(), bytes(target), target.size(), 0, 0, scratch.data.get(),
                       scratch.context.get()) >= 0;
  });
}

}  // namespace weir::observe
