#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

// What can be told of a URL before its variables have their values (spec 10.19: one that leads nowhere is no mirror).
std::optional<std::string> problem_of_target(std::string_view url) {
  const std::size_t end = url.find("://");
  if (end == std::string_view::npos) return "has no scheme";
  const std::string scheme = base::to_lower(url.substr(0, end));
  if (scheme != "http" && scheme != "https" && scheme.find('$') == std::string::npos) return "is no http or https URL";
  url.remove_prefix(end + 3);
  const std::string_view host = url.substr(0, url.find_first_of("/?"));
  if (host.empty() || host.front() == ':') return "has no host";
  if (host.find("..") != std::string_view::npos) return "has `..` in its host";
  return std::nullopt;
}

void check_target(SetView& view) {
  MirrorPolicy& mirror = view.into.mirror;
  if (!mirror.on()) return;
  const std::optional<std::string> problem = problem_of_target(mirror.target.source());
  if (!problem) return;
  mirror.target = {};
  view.fall_back("mirror-target", *problem + "; nothing is copied");
}

}  // namespace

AnnotationSet mirror_annotations() {
  using syntax::Blanks;
  return annotation_set(
      "mirror", "Mirror",
      {
          spec("mirror-target", field(&Policies::mirror, &MirrorPolicy::target), Scope::location,
               OnInvalid::use_default,
               "Every request that is let in is copied to this http or https URL; the answer is ignored.")
              .syntax(syntax::regex(Blanks::removed))
              .risk(RiskLevel::high)
              .check_variables(),
          spec("mirror-host", field(&Policies::mirror, &MirrorPolicy::host), Scope::location, OnInvalid::use_default,
               "Host header of the copy; else the host of the URL.")
              .syntax(syntax::regex(Blanks::removed))
              .risk(RiskLevel::high)
              .check_variables()
              .unusable(OnInvalid::use_default)
              .needs("mirror-target"),
          switch_spec("mirror-request-body", field(&Policies::mirror, &MirrorPolicy::body), Scope::location,
                      OnInvalid::use_default, "Whether the copy has the body, which is then received completely first.")
              .syntax(syntax::word("on or off", {"on", "off"}))
              .needs("mirror-target"),
      },
      check_target);
}

}  // namespace weir::features
