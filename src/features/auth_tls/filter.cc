// Step 6 of life-of-a-request: certificates of clients (spec 4.3). Stop: host. The handshake asked for them by SNI;
// here the request's host decides whether that is what it wants.
#include "features/filter_order_entries.h"
#include "weir/base/ascii.h"
#include "weir/http/normalize.h"

#include <string>

namespace weir::features {
namespace {

using proxy::RequestContext;
using proxy::Verdict;

constexpr std::string_view kNoCertificate = "No required SSL certificate was sent";
constexpr std::string_view kBadCertificate = "The SSL certificate error";

std::string page(std::string_view text) {
  std::string out("<html>\r\n<head><title>400 ");
  out.append(text).append("</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>");
  return out.append(text).append("</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
}

// auth-tls-error-page: a path of the host is served instead, to whoever asks; anything else is where to go. Named
// locations are the original's own: there is none to serve.
Verdict refuse_client(RequestContext& request, const AuthTlsPolicy& policy, std::string_view text,
                      std::string_view reason) {
  const std::string& target = policy.error_page;
  const bool reads = request.head.method == http::Method::get || request.head.method == http::Method::head;
  if (target.starts_with('/') && reads && request.head.body == http::BodyKind::none &&
      http::normalize_path(target, request.path)) {
    request.target = target;
    return Verdict::go_on;
  }
  if (!target.empty() && target.front() != '/' && target.front() != '@') return request.redirect(302, target, reason);
  const Verdict verdict = request.reply(400, reason);
  request.answer.body = page(text);
  return verdict;
}

// What is wrong with the certificate, or nothing.
Verdict check_certificate(RequestContext& request, const AuthTlsPolicy& policy) {
  const tls::ClientIdentity& client = *request.connection->client;
  if (!client.shown) {
    if (policy.verify != ClientVerify::on) return Verdict::go_on;
    return refuse_client(request, policy, kNoCertificate, "client-certificate-missing");
  }
  const bool forgiven = policy.verify == ClientVerify::optional_no_ca && client.unknown_issuer;
  if (client.verified || forgiven) return Verdict::go_on;
  return refuse_client(request, policy, kBadCertificate, "client-certificate-invalid");
}

// The handshake was made for another name, or under other settings than those in force now: whatever it has shown does
// not count here (RFC 9110 15.5.20: the client may ask again on a connection of its own).
bool is_misdirected(const RequestContext& request) {
  const tls::ClientIdentity* client = request.connection->client.get();
  if (client == nullptr || !request.host->tls || client->settings != request.host->tls->digest()) return true;
  return !client->server_name.empty() && client->server_name != request.head.host;
}

class AuthTlsFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "auth-tls"; }
  bool active(const Policies&) const override { return true; }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    const route::ClientAuth* auth = request.host->client_auth.get();
    if (auth == nullptr) return Verdict::go_on;
    return decide(request, *auth);
  }

 private:
  static Verdict decide(RequestContext& request, const route::ClientAuth& auth) {
    const AuthTlsPolicy& policy = auth.policy;
    if (policy.refuse_status != 0) return request.reply(policy.refuse_status, policy.refuse_reason);
    // Once for a request, as in nginx: before an endpoint redirects internally the client was let in, or is shown the
    // error page. The subject is looked at each time.
    if (request.connection->https && policy.verify != ClientVerify::off && !request.redirected) {
      if (is_misdirected(request)) return request.reply(421, "client-certificate-other-host");
      const Verdict verdict = check_certificate(request, policy);
      if (verdict == Verdict::answered) return verdict;
    }
    if (!auth.match_cn) return Verdict::go_on;
    const tls::ClientIdentity* client = request.connection->client.get();
    if (request.lookup->contains(*auth.match_cn, client != nullptr ? client->subject : std::string())) {
      return Verdict::go_on;
    }
    const Verdict verdict = request.reply(403, "client-certificate-subject");
    request.answer.body = "client certificate unauthorized";
    request.answer.content_type = "text/plain";
    return verdict;
  }
};

}  // namespace

const proxy::Filter& auth_tls_filter() {
  static const AuthTlsFilter filter;
  return filter;
}

}  // namespace weir::features
