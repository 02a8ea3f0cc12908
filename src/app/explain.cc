#include "explain.h"

#include "explain_asked.h"
#include "explain_backend.h"
#include "explain_page.h"
#include "explain_route.h"
#include "weir/base/ascii.h"
#include "weir/features/filter_order.h"
#include "weir/http/h1_parser.h"
#include "weir/http/normalize.h"
#include "weir/proxy/digest_check.h"
#include "weir/proxy/forwarded.h"
#include "weir/proxy/limit_table.h"
#include "weir/route/lookup.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace weir::app {
namespace {

// Whoever ends TLS in front of Weir and speaks HTTP to it is redirected for ever, unless Weir is told (spec 2.8, 5.2).
std::string way_out_of_loop(const proxy::RequestContext& request) {
  if (request.forwarded.trusted) {
    return "if TLS ends in front of Weir, clients are redirected for ever: what ends it must send X-Forwarded-Proto: "
           "https";
  }
  const bool told = !request.head.fields.get(http::FieldId::forwarded_proto).empty();
  return std::string(told ? "X-Forwarded-Proto does not count here, so" : "if TLS ends in front of Weir,") +
         " clients are redirected for ever: set use-forwarded-headers: \"true\" in the ConfigMap" +
         (told ? "" : ", so that X-Forwarded-Proto: https counts") + ", or ssl-redirect: \"false\" on the Ingress" +
         (request.policies().https_redirect.force ? " (and no force-ssl-redirect)" : "");
}

class Explainer {
 public:
  Explainer(const View& view, const model::Options& options);

  std::string run(const Asked& asked);

 private:
  using Verdict = proxy::Verdict;

  bool refused(const std::string& head);
  // The pipeline's steps, in its order (life-of-a-request, 4 to 8).
  void follow();
  void follow_in_location(const route::LocationMatch& match);
  Verdict run_filters(proxy::Stop stop);
  bool is_health_check();
  void assume_client_certificate();
  void outcome(std::string text) { outcome_ = std::move(text); }
  void outcome_of_answer();

  const View& view_;
  const model::Options& options_;
  route::Lookup lookup_;
  proxy::ClientConnection connection_;
  proxy::DigestCheck digests_;
  proxy::LimitTable limits_{1};  // nobody was counted yet
  proxy::RequestContext context_;
  ExplainPage page_;
  std::string outcome_;
  std::string hint_;
};

Explainer::Explainer(const View& view, const model::Options& options) : view_(view), options_(options) {
  connection_.address = *base::parse_ip("127.0.0.1");
  connection_.address_text = connection_.local_address_text = "127.0.0.1";
  context_.table = &view_.table;
  context_.lookup = &lookup_;
  context_.connection = &connection_;
  context_.digests = &digests_;
  context_.limits = &limits_;
}

std::string Explainer::run(const Asked& asked) {
  connection_.https = asked.https;
  connection_.local_port = asked.https ? options_.https_port : options_.http_port;
  page_.line("request", asked.summary);
  if (!refused(asked.head)) follow();
  page_.section("outcome");
  page_.line("result", outcome_);
  if (!hint_.empty()) page_.line("hint", hint_);
  return page_.take();
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
  if (answer.reason == "https-redirect") hint_ = way_out_of_loop(context_);
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

void Explainer::follow() {
  if (!http::normalize_path(context_.head.target(), context_.path)) {
    return outcome("400, refused before routing: " + std::string(http::kPathReason));
  }
  if (context_.head.method == http::Method::trace) return outcome("405, refused before routing: method-trace");
  proxy::resolve_forwarded(context_);
  page_.line("path", context_.path + (context_.path == context_.head.target() ? "" : "   (normalised)"));
  page_.line("scheme", std::string(context_.forwarded.scheme) + (context_.forwarded.trusted ? " (as forwarded)" : ""));
  context_.host = &lookup_.find_host(view_.table, context_.head.host);
  show_host(page_, context_);
  if (std::optional<std::string> end = passed_on(page_, context_)) return outcome(*std::move(end));
  if (connection_.https) {
    page_.line("certificate", context_.host->certificate ? base::join(context_.host->certificate->names(), ", ")
                                                         : std::string("the default certificate"));
  }
  assume_client_certificate();
  if (run_filters(proxy::Stop::host) == Verdict::answered) return;
  if (is_health_check()) return outcome("200, the health check path of the catch-all server");
  follow_in_location(lookup_.find_location(*context_.host, context_.path));
}

void Explainer::follow_in_location(const route::LocationMatch& match) {
  const route::Location& location = *match.location;
  context_.location = &location;
  show_candidates(page_, context_, view_);
  show_settings(page_, context_, view_.accepted);
  const bool denied = location.policies.deny.denied();
  const std::uint64_t body_limit = denied ? 1024 * 1024 : location.policies.proxy.body_size;
  if (context_.head.body == http::BodyKind::length && body_limit != 0 && context_.head.content_length > body_limit) {
    return outcome("413, Content-Length is larger than proxy-body-size (body-too-large)");
  }
  if (match.slash_redirect) {
    std::string to;
    http::escape_path(context_.path, to);
    context_.redirect(301, to + "/" + std::string(http::query_of(context_.head.target())), "slash-redirect",
                      context_.settings().relative_redirects || location.policies.redirect.relative);
    return outcome_of_answer();
  }
  if (denied) return outcome("503, the Ingress is denied (" + location.policies.deny.reason + ")");
  if (run_filters(proxy::Stop::location) == Verdict::answered) return;
  Destination to = show_backend(page_, context_);
  if (to.guarded && run_filters(proxy::Stop::live_backend) == Verdict::answered) return;
  outcome(std::move(to.outcome));
}

}  // namespace

base::Result<std::string> explain(const View& view, const model::Options& options, const ExplainRequest& request) {
  const base::Result<Asked> asked = read_asked(request);
  if (!asked) return asked.error();
  return Explainer(view, options).run(*asked);
}

}  // namespace weir::app
