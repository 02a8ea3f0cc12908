// Step 5 of life-of-a-request: host and location.
#include "weir/route/lookup.h"

#include "route/host_index.h"
#include "route/host_matcher.h"
#include "route/lookup_impl.h"

namespace weir::route {

Lookup::Lookup() : impl_(std::make_unique<Impl>()) {}
Lookup::~Lookup() = default;

const Host& Lookup::find_host(const RoutingTable& table, std::string_view host) {
  const Host* found = table.index->find(host, impl_->matcher);
  return found != nullptr ? *found : *table.catch_all;
}

LocationMatch Lookup::find_location(const Host& host, std::string_view path) {
  const HostMatcher::Found found = host.matcher->find(path, impl_->matcher);
  return {&host.locations[found.location], found.slash_redirect};
}

bool Lookup::match_captures(const Location& location, std::string_view path) {
  return location.capture && impl_->matcher.match(*location.capture, path) == Matcher::Result::yes;
}

std::string_view Lookup::capture(unsigned number, std::string_view path) const {
  return impl_->matcher.capture(number, path);
}

std::shared_ptr<const PathPattern> compile_search(const std::string& text, std::string* problem) {
  auto compiled = PathPattern::compile(text);
  if (compiled) return *compiled;
  if (problem != nullptr) *problem = compiled.error().text();
  return nullptr;
}

bool Lookup::contains(const PathPattern& pattern, std::string_view text) {
  return impl_->matcher.match(pattern, text) == Matcher::Result::yes;
}

std::uint64_t Lookup::regex_limit_hits() const {
  return impl_->matcher.gave_up();
}

}  // namespace weir::route
