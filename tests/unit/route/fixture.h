// Words for tests of route: models in few lines, and questions to a compiled table.
#pragma once

#include "unit/model/plain_model.h"
#include "weir/features/settings_table.h"
#include "weir/route/compile.h"
#include "weir/route/lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace weir::route::test {

// A rule of the Ingress default/<ingress>, leading to the backend default-<ingress>-80.
inline model::Location rule(kube::PathType type, const std::string& path, const std::string& ingress = "web") {
  model::Location location;
  location.path = path;
  location.type = type;
  location.owner = {"default", ingress, ingress, "80"};
  location.backend = "default-" + ingress + "-80";
  return location;
}
inline model::Location exact(const std::string& path, const std::string& ingress = "web") {
  return rule(kube::PathType::exact, path, ingress);
}
inline model::Location prefix(const std::string& path, const std::string& ingress = "web") {
  return rule(kube::PathType::prefix, path, ingress);
}
inline model::Location regex(const std::string& path, const std::string& ingress = "web") {
  model::Location location = prefix(path, ingress);
  location.policies.rewrite.use_regex = true;
  return location;
}
inline model::Location rewritten(const std::string& path, const std::string& target,
                                 const std::string& ingress = "web") {
  model::Location location = prefix(path, ingress);
  location.policies.rewrite.target = target;
  return location;
}

// In the model's list order, with the implicit "/" where no rule took it.
inline model::Host host(const std::string& name, std::vector<model::Location> rules) {
  model::Host result;
  result.name = name;
  const bool has_root = std::any_of(rules.begin(), rules.end(), [](const model::Location& location) {
    return location.path == "/" && location.type == kube::PathType::prefix;
  });
  if (!has_root) {
    model::Location root = prefix("/", rules.empty() ? "web" : rules.front().owner.ingress);
    root.implicit = true;
    root.backend.clear();
    rules.push_back(root);
  }
  std::stable_sort(rules.begin(), rules.end(), [](const model::Location& a, const model::Location& b) {
    return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path > b.path;
  });
  for (const model::Location& location : rules) {
    const features::RewritePolicy& rewrite = location.policies.rewrite;
    result.regex_mode |= rewrite.use_regex || (!rewrite.target.empty() && rewrite.target != location.path);
  }
  result.locations = std::move(rules);
  return result;
}

inline model::PlainModel model_of(std::vector<model::Host> hosts) {
  model::PlainModel model;
  model.settings = std::make_shared<const features::Settings>(features::read_settings({}, {}).settings);
  const bool has_catch_all =
      std::any_of(hosts.begin(), hosts.end(), [](const model::Host& entry) { return entry.name == model::kCatchAll; });
  if (!has_catch_all) {
    model::Host catch_all = host(model::kCatchAll, {});
    catch_all.locations[0].untouched_default = true;
    catch_all.locations[0].owner = {};
    hosts.push_back(catch_all);
  }
  std::sort(hosts.begin(), hosts.end(), [](const model::Host& a, const model::Host& b) { return a.name < b.name; });
  for (const model::Host& entry : hosts) {
    for (const model::Location& location : entry.locations) {
      if (location.backend.empty()) continue;
      model::Backend backend;
      backend.name = location.backend;
      backend.ns = location.owner.ns;
      backend.service = location.owner.service;
      backend.port = location.owner.port;
      backend.state = model::BackendState::ready;
      backend.endpoints = {{*base::parse_ip("10.0.0.1"), 8080}};
      model.backends.push_back(backend);
    }
  }
  std::sort(model.backends.begin(), model.backends.end(),
            [](const model::Backend& a, const model::Backend& b) { return a.name < b.name; });
  model.backends.erase(std::unique(model.backends.begin(), model.backends.end()), model.backends.end());
  model.hosts = std::move(hosts);
  return model;
}

inline CompileOptions without_tls() {
  CompileOptions options;
  options.tls = false;
  return options;
}

// A compiler with its newest table.
class Router {
 public:
  explicit Router(CompileOptions options = without_tls()) : compiler_(std::move(options)) {}
  explicit Router(std::vector<model::Host> hosts) : Router() { compile(model_of(std::move(hosts))); }

  const RoutingTable& compile(const model::Model& model) {
    CompileResult result = compiler_.compile(model);
    table_ = result.table;
    diagnostics_ = result.diagnostics;
    return *table_;
  }

  const RoutingTable& table() const { return *table_; }
  RoutingTablePtr table_ptr() const { return table_; }
  const base::Diagnostics& diagnostics() const { return diagnostics_; }
  std::vector<std::string> codes() const {
    std::vector<std::string> codes;
    for (const base::Diagnostic& diagnostic : diagnostics_) codes.push_back(diagnostic.code);
    return codes;
  }
  Lookup& lookup() { return lookup_; }

  std::string host_of(std::string_view name) { return lookup_.find_host(*table_, name).name; }
  const Host& host(std::string_view name) { return lookup_.find_host(*table_, name); }
  LocationMatch match(std::string_view host, std::string_view path) {
    return lookup_.find_location(lookup_.find_host(*table_, host), path);
  }
  // "exact /p", "prefix /p", "301 prefix /p/", or "none" for the implicit "/".
  std::string choice(std::string_view path, std::string_view host = "a.example") {
    const LocationMatch found = match(host, path);
    if (found.location->implicit) return "none";
    return std::string(found.slash_redirect ? "301 " : "") +
           (found.location->type == PathType::exact ? "exact " : "prefix ") + found.location->path;
  }
  std::string rewrite(std::string_view path, std::string_view host = "a.example") {
    const Location& location = *match(host, path).location;
    return location.rewrites ? filled(location, location.policies.rewrite.target, path) : std::string(path);
  }
  // `text` with the location's captures of `path`.
  std::string filled(const Location& location, const features::VariableText& text, std::string_view path) {
    const bool matched = lookup_.match_captures(location, path);
    std::string out;
    for (const features::VariableText::Piece& piece : text.pieces()) {
      const std::string_view own = text.text_of(piece);
      if (piece.what == features::Variable::literal) {
        out += own;
      } else if (matched && piece.what == features::Variable::capture) {
        out += lookup_.capture(static_cast<unsigned>(own[0] - '0'), path);
      }
    }
    return out;
  }

 private:
  Compiler compiler_;
  RoutingTablePtr table_;
  base::Diagnostics diagnostics_;
  Lookup lookup_;
};

}  // namespace weir::route::test
