#include "explain.h"

#include "weir/base/ascii.h"
#include "weir/features/annotation_table.h"
#include "weir/features/filter_order.h"
#include "weir/http/h1_parser.h"
#include "weir/http/normalize.h"
#include "weir/proxy/digest_check.h"
#include "weir/proxy/forwarded.h"
#include "weir/proxy/limit_table.h"
#include "weir/route/lookup.h"
#include "weir/upstream/canary.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace weir::app {

namespace {

struct Url {
  bool https = false;
  std::string authority;
  std::string target;
};

base::Result<Url> parse_url(std::string_view text) {
  Url url;
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) {
    const std::string name = base::to_lower(text.substr(0, scheme));
    if (name != "http" && name != "https") return base::fail("the URL's scheme is neither http nor https: " + name);
    url.https = name == "https";
    text.remove_prefix(scheme + 3);
  }
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  url.authority = text.substr(0, end);
  if (url.authority.empty()) return base::fail("the URL names no host");
  url.target = text.substr(end, text.find('#', end) - end);
  if (url.target.empty() || url.target[0] != '/') url.target.insert(url.target.begin(), '/');
  return url;
}

class Page {
 public:
  void section(std::string_view title) { text_ += "\n" + std::string(title) + "\n"; }
  void line(std::string_view name, std::string_view value) {
    text_ += "  " + std::string(name) + std::string(name.size() < 14 ? 14 - name.size() : 1, ' ') + clean(value) + "\n";
  }
  void row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    text_ += " ";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = clean(cells[i]);
      text_ += " " + cell;
      if (i + 1 < cells.size() && cell.size() < widths[i]) text_ += std::string(widths[i] - cell.size(), ' ');
    }
    text_ += "\n";
  }
  void table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& cells : rows) {
      widths.resize(std::max(widths.size(), cells.size()));
      for (std::size_t i = 0; i < cells.size(); ++i)
        widths[i] = std::min<std::size_t>(60, std::max(widths[i], clean(cells[i]).size()));
    }
    for (const auto& cells : rows) row(cells, widths);
  }
  std::string take() { return std::move(text_); }

 private:
  // Values of objects may hold anything; what is printed stays one line.
  static std::string clean(std::string_view value) {
    std::string out;
    for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return out;
  }
  std::string text_;
};

std::string type_of(const route::Location& location) {
  return location.type == route::PathType::exact ? "exact" : "prefix";
}

std::string owner_of(const route::Location& location) {
  if (location.untouched_default) return "built-in default";
  std::string text = location.ns + "/" + location.ingress;
  if (!location.service.empty()) text += " -> " + location.service + ":" + location.service_port;
  if (location.implicit) text += " (implicit)";
  return text;
}

std::string host_line(const route::RoutingTable& table, const route::Host& host, const std::string& asked) {
  if (&host == table.catch_all.get()) return "_ (catch-all: no rule names \"" + asked + "\")";
  if (host.name == asked) return host.name;
  if (std::find(host.aliases.begin(), host.aliases.end(), asked) != host.aliases.end())
    return host.name + " (by its server-alias)";
  return host.name + " (wildcard)";
}

class Explainer {
 public:
  Explainer(const View& view, const model::Options& options) : view_(view), options_(options) {}

  base::Result<std::string> run(const ExplainRequest& asked);

 private:
  using Verdict = proxy::Verdict;

  base::Result<void> read(const ExplainRequest& asked);
  bool refused(const std::string& head);
  void follow();  // the pipeline's steps, in its order (life-of-a-request, 4 to 8)
  Verdict run_filters(proxy::Stop stop);
  void show_candidates();
  void show_settings();
  void show_backend();
  void show_endpoints(const route::Backend& backend);
  std::string chosen_of(const route::Backend& primary);
  void end_at_built_in_404();
  void outcome(std::string text) { outcome_ = std::move(text); }
  void outcome_of_answer();
  bool is_health_check();
  bool is_passed_on();
  void assume_client_certificate();
  void warn_of_loop();
  void show_limits();

  const View& view_;
  const model::Options& options_;
  route::Lookup lookup_;
  proxy::ClientConnection connection_;
  proxy::DigestCheck digests_;
  proxy::LimitTable limits_{1};  // nobody was counted yet
  proxy::RequestContext context_;
  Page page_;
  std::string outcome_;
  std::string hint_;
};

base::Result<void> Explainer::read(const ExplainRequest& asked) {
  const base::Result<Url> url = parse_url(asked.url);
  if (!url) return url.error();
  context_.digests = &digests_;
  context_.limits = &limits_;
  connection_.https = url->https;
  connection_.local_port = url->https ? options_.https_port : options_.http_port;
  connection_.address = *base::parse_ip("127.0.0.1");
  connection_.address_text = connection_.local_address_text = "127.0.0.1";
  std::string head = asked.method + " " + url->target + " HTTP/1.1\r\n";
  bool has_host = false;
  for (const std::string& field : asked.fields) {
    const std::size_t colon = field.find(':');
    if (colon == std::string::npos || colon == 0)
      return base::fail("-H \"" + field + "\": not of the form Name: value");
    has_host |= base::iequals(field.substr(0, colon), "host");
    head += field.substr(0, colon) + ": " + std::string(base::trim(std::string_view(field).substr(colon + 1))) + "\r\n";
  }
  if (!has_host) head += "Host: " + url->authority + "\r\n";
  page_.line("request", asked.method + " " + (url->https ? "https://" : "http://") + url->authority + url->target);
  if (!refused(head + "\r\n")) follow();
  return {};
}

bool Explainer::refused(const std::string& head) {
  const features::Settings& settings = *view_.table.settings;
  http::H1Limits limits;
  limits.underscores_in_names = settings.underscores_in_headers;
  const http::ParseResult parsed = http::parse_request_head(head, limits, context_.head);
  if (parsed.status == http::ParseStatus::done) return false;
  outcome(std::to_string(parsed.http_status) +
          ", refused before routing: " + (parsed.reason.empty() ? "incomplete request" : std::string(parsed.reason)));
  return true;
}

Explainer::Verdict Explainer::run_filters(proxy::Stop stop) {
  std::uint64_t bit = 1;
  for (const proxy::FilterEntry& entry : features::filter_order()) {
    const bool active = context_.location == nullptr || (context_.location->filters & bit) != 0;
    bit <<= 1;
    if (entry.stop != stop || !active) continue;
    if (entry.filter->name() == "auth" && !context_.head.fields.get(http::FieldId::authorization).empty()) {
      outcome("depends on the filter auth, which works out whether the password is right");
      return Verdict::answered;
    }
    net::MaybeTask<Verdict> running = entry.filter->on_request(context_);
    // A filter that waits for something (external authentication) cannot be followed without a worker.
    if (!running.await_ready()) {
      outcome("depends on the filter " + std::string(entry.filter->name()) + ", which asks another server");
      return Verdict::answered;
    }
    if (running.await_resume() == Verdict::answered) {
      outcome_of_answer();
      return Verdict::answered;
    }
  }
  return Verdict::go_on;
}

void Explainer::outcome_of_answer() {
  const proxy::Answer& answer = context_.answer;
  std::string text = std::to_string(answer.status) + " made by Weir (" + std::string(answer.reason) + ")";
  if (!answer.location.empty()) text += ", Location: " + answer.location;
  outcome(std::move(text));
  if (answer.reason == "https-redirect") warn_of_loop();
}

// Whoever ends TLS in front of Weir and speaks HTTP to it is redirected for ever, unless Weir is told (spec 2.8, 5.2).
void Explainer::warn_of_loop() {
  if (context_.forwarded.trusted) {
    hint_ =
        "if TLS ends in front of Weir, clients are redirected for ever: what ends it must send X-Forwarded-Proto: "
        "https";
    return;
  }
  const bool told = !context_.head.fields.get(http::FieldId::forwarded_proto).empty();
  hint_ = std::string(told ? "X-Forwarded-Proto does not count here, so" : "if TLS ends in front of Weir,") +
          " clients are redirected for ever: set use-forwarded-headers: \"true\" in the ConfigMap" +
          (told ? "" : ", so that X-Forwarded-Proto: https counts") + ", or ssl-redirect: \"false\" on the Ingress" +
          (context_.policies().https_redirect.force ? " (and no force-ssl-redirect)" : "");
}

// Counted at run time only: who comes too often gets the limit's status instead.
void Explainer::show_limits() {
  const features::RateLimitPolicy& policy = context_.policies().rate_limit;
  std::vector<std::string> all;
  const auto add = [&all](const char* name, int limit) {
    if (limit > 0) all.push_back(std::string(name) + " " + std::to_string(limit));
  };
  add("limit-connections", policy.connections);
  add("limit-rps", policy.rps);
  add("limit-rpm", policy.rpm);
  if (all.empty()) return;
  page_.line("limits", base::join(all, ", ") + ": a client beyond them gets " +
                           std::to_string(context_.settings().limit_req_status) + "; nobody is counted here");
}

bool Explainer::is_health_check() {
  const route::RoutingTable& table = view_.table;
  if (context_.host != table.catch_all.get() || context_.host->regex_mode || table.health_check_path.empty() ||
      !context_.path.starts_with(table.health_check_path)) {
    return false;
  }
  const route::Location& rule = *lookup_.find_location(*context_.host, context_.path).location;
  return rule.implicit || rule.path.size() < table.health_check_path.size();
}

// There is no handshake to look at: what the host asks for counts as shown.
void Explainer::assume_client_certificate() {
  const route::ClientAuth* auth = context_.host->client_auth.get();
  if (auth == nullptr || !connection_.https || !context_.host->tls || !context_.host->tls->asks_clients()) return;
  auto client = std::make_unique<tls::ClientIdentity>();
  client->settings = context_.host->tls->digest();
  client->server_name = context_.head.host;
  client->shown = client->verified = true;
  connection_.client = std::move(client);
  page_.line("client certificate",
             std::string("asked for; taken as shown and verified") + (auth->match_cn ? ", with an empty subject" : ""));
}

// The server name of its TLS connection is taken to be the URL's.
bool Explainer::is_passed_on() {
  const route::Host& host = *context_.host;
  if (!connection_.https || !host.passthrough || host.name != context_.head.host) return false;
  const route::Location& location = host.locations[*host.passthrough];
  const route::Backend* backend = context_.table->find_backend(location.backend);
  page_.line("TLS", "passed on unread (ssl-passthrough of " + location.ns + "/" + location.ingress +
                        "): the certificate and the answer are the backend's");
  page_.section("upstream");
  page_.line("backend", backend ? backend->name : "none");
  if (backend && !backend->external_name.empty()) {
    page_.line("external name", backend->external_name + ":" + std::to_string(backend->external_port));
  }
  for (std::size_t i = 0; backend && i < backend->endpoints.size(); ++i) {
    page_.line("endpoint", backend->endpoints[i].text);
  }
  const bool reachable = backend && backend->usable();
  if (!location.policies.ip_access.admits(connection_.address)) {
    outcome("the connection is closed: the host does not serve the client's address (address-not-allowed)");
  } else {
    outcome(reachable ? "the TLS connection is passed on to " + backend->name
                      : "the connection is closed: the backend has no endpoints (no-endpoints)");
  }
  return true;
}

void Explainer::follow() {
  const route::RoutingTable& table = view_.table;
  context_.table = &table;
  context_.lookup = &lookup_;
  context_.connection = &connection_;
  if (!http::normalize_path(context_.head.target(), context_.path)) {
    outcome("400, refused before routing: " + std::string(http::kPathReason));
    return;
  }
  if (context_.head.method == http::Method::trace) {
    outcome("405, refused before routing: method-trace");
    return;
  }
  proxy::resolve_forwarded(context_);
  page_.line("path", context_.path + (context_.path == context_.head.target() ? "" : "   (normalised)"));
  page_.line("scheme", std::string(context_.forwarded.scheme) + (context_.forwarded.trusted ? " (as forwarded)" : ""));
  context_.host = &lookup_.find_host(table, context_.head.host);
  page_.line("host", host_line(table, *context_.host, context_.head.host));
  if (is_passed_on()) return;
  if (connection_.https) {
    page_.line("certificate", context_.host->certificate ? base::join(context_.host->certificate->names(), ", ")
                                                         : std::string("the default certificate"));
  }
  assume_client_certificate();
  if (run_filters(proxy::Stop::host) == Verdict::answered) return;
  if (is_health_check()) {
    outcome("200, the health check path of the catch-all server");
    return;
  }
  const route::LocationMatch match = lookup_.find_location(*context_.host, context_.path);
  context_.location = match.location;
  show_candidates();
  show_settings();
  const route::Location& location = *match.location;
  const std::uint64_t body_limit = location.policies.deny.denied() ? 1024 * 1024 : location.policies.proxy.body_size;
  if (context_.head.body == http::BodyKind::length && body_limit != 0 && context_.head.content_length > body_limit) {
    outcome("413, Content-Length is larger than proxy-body-size (body-too-large)");
    return;
  }
  if (match.slash_redirect) {
    std::string to;
    http::escape_path(context_.path, to);
    context_.redirect(301, to + "/" + std::string(http::query_of(context_.head.target())), "slash-redirect",
                      context_.settings().relative_redirects || location.policies.redirect.relative);
    outcome_of_answer();
    return;
  }
  if (location.policies.deny.denied()) {
    outcome("503, the Ingress is denied (" + location.policies.deny.reason + ")");
    return;
  }
  if (run_filters(proxy::Stop::location) == Verdict::answered) return;
  show_backend();
}

void Explainer::show_candidates() {
  page_.section(context_.host->regex_mode ? "candidates (the host is in regex mode: first match in this order)"
                                          : "candidates (exact wins, then the longest prefix)");
  std::vector<std::vector<std::string>> rows;
  for (const route::Candidate& candidate : route::explain_location(lookup_, *context_.host, context_.path)) {
    const route::Location& location = *candidate.location;
    rows.push_back(
        {candidate.wins ? "*" : " ", type_of(location) + " " + location.path, owner_of(location), candidate.reason});
  }
  page_.table(rows);
  const auto host = std::find_if(view_.model.hosts.begin(), view_.model.hosts.end(),
                                 [&](const model::HostPtr& h) { return h->name == context_.host->name; });
  if (host == view_.model.hosts.end() || (*host)->shadowed.empty()) return;
  page_.section("rules that lost before, when the Ingresses were merged");
  rows.clear();
  for (const model::Shadowed& s : (*host)->shadowed) {
    rows.push_back({s.type == kube::PathType::exact ? "exact " + s.path : "prefix " + s.path,
                    s.owner.ns + "/" + s.owner.ingress + " -> " + s.owner.service + ":" + s.owner.port, s.reason});
  }
  page_.table(rows);
}

void Explainer::show_settings() {
  const route::Location& location = *context_.location;
  page_.section("settings of the location");
  std::vector<std::vector<std::string>> rows;
  for (const features::AnnotationRow& row : features::annotation_table()) {
    if (!row.print) continue;
    std::string origin = "default";
    if (location.used && location.used->contains(std::string(row.key))) {
      origin = "annotation \"" + location.used->at(std::string(row.key)) + "\"";
    } else if (!row.settings_key.empty() && view_.accepted.settings &&
               view_.accepted.settings->used.contains(std::string(row.settings_key))) {
      origin = "ConfigMap key " + std::string(row.settings_key);
    }
    const std::string value = row.print(location.policies);
    rows.push_back({std::string(row.key), value.empty() ? "-" : value, origin});
  }
  page_.table(rows);
}

// Its rules in the order they are asked (spec 3.2).
std::string canary_text(const features::CanaryPolicy& rules) {
  std::string text;
  if (!rules.header.empty()) {
    text += "by header " + rules.header;
    if (!rules.header_value.empty()) {
      text += " = " + rules.header_value;
    } else if (!rules.header_pattern.empty()) {
      text += " ~ " + rules.header_pattern;
    }
    text += ", ";
  }
  if (!rules.cookie.empty()) text += "by cookie " + rules.cookie + ", ";
  return text + "weight " + std::to_string(rules.weight) + " of " + std::to_string(rules.total());
}

void Explainer::show_endpoints(const route::Backend& backend) {
  if (!backend.external_name.empty()) {
    page_.line("external name", backend.external_name + ":" + std::to_string(backend.external_port));
  }
  for (const route::Endpoint& endpoint : backend.endpoints) page_.line("endpoint", endpoint.text);
}

// Whom an affinity cookie, the canary's header and its cookie decide for; else its weight (spec 3.2).
std::string Explainer::chosen_of(const route::Backend& primary) {
  const route::Backend* canary = context_.table->find_backend(primary.alternative);
  if (canary == nullptr) return primary.name;
  page_.line("canary", canary->name + ", " + canary_text(canary->canary) +
                           (canary->usable() ? "" : "; it has no endpoints: the primary gets all requests"));
  if (!canary->usable()) return primary.name;
  const auto total = static_cast<std::uint32_t>(canary->canary.total());
  const bool lowest = upstream::goes_to_canary(primary, *canary, context_.head.fields, lookup_, 0);
  const bool highest = upstream::goes_to_canary(primary, *canary, context_.head.fields, lookup_, total - 1);
  if (lowest && highest) return "the canary " + canary->name;
  if (!lowest) return primary.name;
  return primary.name + ", or by weight, " + std::to_string(canary->canary.weight) + " of " + std::to_string(total) +
         ", to the canary " + canary->name;
}

// In front of the built-in 404, too, those are asked who guard the location (spec 2.2, 2.7).
void Explainer::end_at_built_in_404() {
  if (run_filters(proxy::Stop::live_backend) == Verdict::answered) return;
  outcome("404, no default backend");
}

void Explainer::show_backend() {
  const route::RoutingTable& table = view_.table;
  const route::Location& location = *context_.location;
  page_.section("upstream");
  page_.line("request line", std::string(context_.head.method_text()) + " " +
                                 (context_.target.empty() ? std::string(context_.head.target()) : context_.target));
  if (!context_.forwarded_prefix.empty()) page_.line("forwarded", "X-Forwarded-Prefix: " + context_.forwarded_prefix);
  const route::Backend* backend = table.find_backend(location.backend);
  if (!backend) {
    page_.line("backend", "none: the built-in 404");
    return end_at_built_in_404();
  }
  page_.line("backend", backend->name);
  show_endpoints(*backend);
  std::string chosen;
  if (backend->usable()) {
    chosen = chosen_of(*backend);
  } else if (const route::Backend* stand_in = table.find_backend(location.error_backend);
             stand_in != nullptr && stand_in->usable()) {
    page_.line("stand-in", stand_in->name + " (default-backend), for the backend has no endpoints");
    show_endpoints(*stand_in);
    chosen = stand_in->name + " with X-Code: 503";
  } else if (location.backend == table.default_backend) {
    return end_at_built_in_404();
  } else {
    outcome("503, the backend has no endpoints (no-endpoints)");
    return;
  }
  show_limits();
  if (run_filters(proxy::Stop::live_backend) == Verdict::answered) return;
  outcome("proxied to " + chosen);
}

base::Result<std::string> Explainer::run(const ExplainRequest& asked) {
  const base::Result<void> done = read(asked);
  if (!done) return done.error();
  page_.section("outcome");
  page_.line("result", outcome_);
  if (!hint_.empty()) page_.line("hint", hint_);
  return page_.take();
}

}  // namespace

base::Result<std::string> explain(const View& view, const model::Options& options, const ExplainRequest& request) {
  return Explainer(view, options).run(request);
}

}  // namespace weir::app
