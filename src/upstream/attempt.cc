// Steps 7 and 8 of life-of-a-request: an endpoint, and a new connection to it.
#include "upstream/attempt.h"

#include "upstream/connect.h"
#include "upstream/h2_session.h"
#include "weir/observe/log.h"

#include <openssl/ssl.h>

#include <cerrno>

namespace weir::upstream {
namespace {

// A worker tells of failed handshakes this often: each request can bring one.
constexpr std::uint64_t kHandshakeLogMs = 1000;

Failure failed_handshake(Runtime& runtime, const Plan& plan, const route::Endpoint& endpoint, net::Sock& sock,
                         int result) {
  tls::HandshakeProblem problem = tls::problem_of_handshake(sock.ssl(), sock.tls_error());
  if (result == -ETIMEDOUT) problem.text = "no answer within proxy-connect-timeout";
  const std::uint64_t now = runtime.reactor.now_ms();
  if (now - runtime.tls_told_ms >= kHandshakeLogMs) {
    observe::log::error("upstream", "TLS handshake with {} of {} failed: {} ({} more since the last such line)",
                        endpoint.text, plan.backend->name, problem.text, runtime.tls_untold);
    runtime.tls_told_ms = now;
    runtime.tls_untold = 0;
  } else {
    ++runtime.tls_untold;
  }
  if (result == -ETIMEDOUT) return Failure::connect_timeout;
  return problem.untrusted ? Failure::tls_untrusted : Failure::tls_failed;
}

// Offers HTTP/2 alone. An endpoint that knows no ALPN is taken at its word (as the original does): the settings say
// what it speaks.
bool offer_http2(SSL* ssl) {
  constexpr unsigned char kOffer[] = {2, 'h', '2'};
  return SSL_set_alpn_protos(ssl, kOffer, sizeof kOffer) == 0;
}

// Spec 1.6: the handshake has proxy-connect-timeout for itself.
net::Task<Failure> start_tls(Runtime& runtime, const Plan& plan, const route::Endpoint& endpoint, Protocol protocol,
                             net::Sock& sock) {
  SSL* ssl = plan.tls->new_ssl(runtime.sessions, endpoint.id, plan.tls_name);
  if (ssl == nullptr) co_return Failure::out_of_memory;
  sock.start_tls_client(ssl);
  if (protocol == Protocol::http2 && !offer_http2(ssl)) co_return Failure::out_of_memory;
  const int result = co_await sock.handshake(plan.policy->connect_timeout);
  if (result > 0) co_return Failure::none;
  co_return failed_handshake(runtime, plan, endpoint, sock, result);
}

}  // namespace

std::uint32_t tls_id(const Plan& plan) {
  return plan.tls != nullptr ? plan.tls->id() : 0;
}

KeepaliveLimits limits_of(const features::Settings& settings) {
  using std::chrono::duration_cast;
  return {settings.upstream_keepalive_connections, settings.upstream_keepalive_requests,
          static_cast<std::uint64_t>(duration_cast<net::Millis>(settings.upstream_keepalive_time).count()),
          static_cast<std::uint64_t>(duration_cast<net::Millis>(settings.upstream_keepalive_timeout).count())};
}

const route::Endpoint* begin_try(Runtime& runtime, const Plan& plan, bool first,
                                 std::vector<observe::UpstreamTry>& tries) {
  const route::Endpoint* endpoint = plan.selection == nullptr ? &runtime.balancer.next(plan.backend->id, plan.endpoints)
                                                              : runtime.balancer.choose(*plan.selection);
  observe::UpstreamTry& record = tries.emplace_back();
  record.address = endpoint != nullptr ? endpoint->text : plan.backend->name;
  record.new_group = plan.new_group && first;
  return endpoint;
}

net::Task<Failure> open_connection(Runtime& runtime, const Plan& plan, const route::Endpoint& endpoint,
                                   Protocol protocol, ConnectionPtr& out) {
  net::SockPtr sock;
  const net::Address address = address_of(endpoint);
  const int result = co_await net::Sock::connect(runtime.reactor, address, plan.policy->connect_timeout, sock);
  if (result <= 0) co_return failure_of_connect(result);
  if (plan.tls != nullptr) {
    const Failure failure = co_await start_tls(runtime, plan, endpoint, protocol, *sock);
    if (failure != Failure::none) co_return failure;
  }
  out = std::make_unique<Connection>(std::move(sock), endpoint.id, runtime.reactor.now_ms(), tls_id(plan));
  if (protocol == Protocol::http2) {
    out->h2 = H2Session::make(*out->sock, runtime.out);
    if (!out->h2) co_return Failure::out_of_memory;
  }
  co_return Failure::none;
}

Failure end_try(observe::UpstreamTry& record, Failure failure, std::int64_t took_us) {
  record.response_time = took_us;
  if (info(failure).side == Side::upstream) record.status = info(failure).status;
  return failure;
}

}  // namespace weir::upstream
