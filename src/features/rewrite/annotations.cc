#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

constexpr auto kRegex = field(&Policies::rewrite, &RewritePolicy::use_regex);
constexpr auto kTarget = field(&Policies::rewrite, &RewritePolicy::target);
constexpr auto kAppRoot = field(&Policies::rewrite, &RewritePolicy::app_root);
constexpr auto kPrefix = field(&Policies::rewrite, &RewritePolicy::forwarded_prefix);

// app-root must be a path: a scheme in front of the first slash, or no slash at all, switches it off (spec 1.1).
bool is_absolute_path(std::string_view value) {
  return !value.empty() && value.front() == '/';
}

}  // namespace

AnnotationSet rewrite_annotations() {
  using syntax::Blanks;
  return annotation_set("rewrite", "Rewrite",
                        {
                            spec("use-regex", kRegex, Scope::host, OnInvalid::use_default,
                                 "All paths of the host become case-insensitive regular expressions."),
                            spec("rewrite-target", kTarget, Scope::location, OnInvalid::use_default,
                                 "Replaces the path; `$1`..`$9` come from the path's expression. Forces regex mode for "
                                 "the host. A URL is redirected "
                                 "to.")
                                .syntax(syntax::capture(Blanks::kept))
                                .risk(RiskLevel::medium)
                                .check_variables(),
                            spec("app-root", kAppRoot, Scope::host, OnInvalid::use_default,
                                 "A request for `/` of the host is answered with 302 to this path.")
                                .syntax(syntax::capture(Blanks::kept))
                                .risk(RiskLevel::medium)
                                .check_variables(),
                            spec("x-forwarded-prefix", kPrefix, Scope::location, OnInvalid::refuse_object,
                                 "X-Forwarded-Prefix for the upstream, sent where rewrite-target is in effect.")
                                .group("XForwardedPrefix")
                                .syntax(syntax::capture(Blanks::removed))
                                .risk(RiskLevel::medium)
                                .check_variables(),
                        },
                        [](SetView& view) {
                          const auto root = view.value("app-root");
                          if (!root || is_absolute_path(*root)) return;
                          view.into.rewrite.app_root = {};
                          view.fall_back("app-root", "is not an absolute path; it is switched off");
                        });
}

}  // namespace weir::features
