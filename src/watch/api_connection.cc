#include "watch/api_connection.h"

#include "weir/base/ascii.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <netinet/tcp.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <tuple>
#include <utility>

namespace weir::watch {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Tls = asio::ssl::stream<tcp::socket&>;

namespace {

constexpr std::size_t kMaxHead = 64u << 10;
constexpr std::size_t kPiece = 32u << 10;
// A server that is gone without a word is noticed after half a minute, also on a watch that has nothing to say.
constexpr int kKeepAliveIdle = 15;
constexpr int kKeepAliveInterval = 5;
constexpr int kKeepAliveProbes = 3;
constexpr int kUserTimeoutMs = 30000;

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);

void watch_peer(tcp::socket& socket) {
  error_code ignored;  // without these the connection works too
  socket.set_option(tcp::no_delay(true), ignored);
  const int fd = socket.native_handle();
  const auto set = [fd](int level, int option, int value) {
    return ::setsockopt(fd, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
}

bool is_address(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

// SSL_set_tlsext_host_name without its cast.
void set_server_name(SSL* ssl, std::string name) {
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

// Seconds; a date counts as absent: API servers send seconds.
std::chrono::seconds retry_after_of(std::string_view value) {
  long long seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size() || seconds < 0) return std::chrono::seconds(0);
  return std::chrono::seconds(std::min<long long>(seconds, 3600));
}

}  // namespace

struct ApiConnection::Impl {
  using Parser = http::response_parser<http::buffer_body>;

  Impl(const asio::any_io_executor& executor, ApiEndpoint e)
      : endpoint(std::move(e)), resolver(executor), socket(executor), timer(executor) {}

  ApiEndpoint endpoint;
  tcp::resolver resolver;
  tcp::socket socket;
  std::optional<asio::ssl::context> tls_context;
  std::optional<Tls> tls;
  asio::steady_timer timer;
  std::uint64_t timer_use = 0;
  bool late = false;
  bool closed = false;
  std::string input = std::string(kPiece, '\0');
  std::size_t begin = 0;  // input[begin, end) is not parsed yet
  std::size_t end = 0;
  std::optional<Parser> parser;
  bool answered = false;
  bool body_done = false;
  bool keep = false;
  bool wants_more = false;  // what is in `input` is not enough for the parser

  base::Result<void> prepare_tls();
  std::string name() const { return endpoint.host + " port " + std::to_string(endpoint.port); }
  std::string problem(const error_code& error);
  void start_timer(const std::weak_ptr<ApiConnection>& owner, std::chrono::milliseconds limit);
  void stop_timer() {
    ++timer_use;
    timer.cancel();
  }
  void close();
  asio::awaitable<error_code> read_more();
  asio::awaitable<error_code> write(const std::string& bytes);
  // Parses what was read; true when more must be read.
  bool parse(error_code& error);
};

base::Result<void> ApiConnection::Impl::prepare_tls() {
  error_code error;
  tls_context.emplace(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls_context->native_handle(), TLS1_2_VERSION);
  if (!endpoint.ca_pem.empty()) {
    tls_context->add_certificate_authority(asio::buffer(endpoint.ca_pem), error);
  } else {
    tls_context->set_default_verify_paths(error);
  }
  if (error) return base::fail("the CA of the API server is no PEM certificate: " + error.message());
  // What is in the CA file is trusted also when it is no root (as in Go).
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls_context->native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  if (!endpoint.client_cert.empty()) {
    tls_context->use_certificate_chain(asio::buffer(endpoint.client_cert), error);
    if (error) return base::fail("the client certificate is no PEM certificate: " + error.message());
    tls_context->use_private_key(asio::buffer(endpoint.client_key), asio::ssl::context::pem, error);
    if (!error && SSL_CTX_check_private_key(tls_context->native_handle()) != 1) {
      return base::fail("the key of the client certificate belongs to another certificate");
    }
    if (error) return base::fail("the key of the client certificate is no PEM key: " + error.message());
  }
  const std::string& server_name = endpoint.server_name.empty() ? endpoint.host : endpoint.server_name;
  tls.emplace(socket, *tls_context);
  if (!is_address(server_name)) set_server_name(tls->native_handle(), server_name);
  tls->set_verify_mode(endpoint.insecure ? asio::ssl::verify_none : asio::ssl::verify_peer, error);
  if (!error && !endpoint.insecure) {
    tls->set_verify_callback(asio::ssl::host_name_verification(server_name), error);
  }
  if (error) return base::fail("prepare TLS: " + error.message());
  return {};
}

std::string ApiConnection::Impl::problem(const error_code& error) {
  if (late) return "timed out";
  if (closed) return "was ended";
  if (tls && error.category() == asio::error::get_ssl_category()) {
    const long verified = SSL_get_verify_result(tls->native_handle());
    // What the comparison of names says has no code of its own.
    if (verified != X509_V_OK && verified != X509_V_ERR_UNSPECIFIED) {
      return std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(verified);
    }
    const std::string text = error.message();
    if (text.find("certificate verify failed") != std::string::npos) {
      return "its certificate is for other names than " +
             (endpoint.server_name.empty() ? endpoint.host : endpoint.server_name);
    }
    return "TLS: " + text;
  }
  if (error == asio::error::eof || error == http::error::partial_message || error == http::error::end_of_stream ||
      error == asio::ssl::error::stream_truncated) {
    return "the server closed the connection";
  }
  return error.message();
}

void ApiConnection::Impl::start_timer(const std::weak_ptr<ApiConnection>& owner, std::chrono::milliseconds limit) {
  timer.expires_after(limit);
  timer.async_wait([owner, use = ++timer_use](const error_code& error) {
    const auto self = owner.lock();
    if (error || !self || self->impl_->timer_use != use) return;
    self->impl_->late = true;
    self->impl_->close();
  });
}

void ApiConnection::Impl::close() {
  closed = true;
  resolver.cancel();
  error_code ignored;  // nothing to be done about it
  socket.close(ignored);
}

// The parser wants whole lines: what it left moves to the front, and more is read behind it.
asio::awaitable<error_code> ApiConnection::Impl::read_more() {
  std::copy(input.begin() + static_cast<std::ptrdiff_t>(begin), input.begin() + static_cast<std::ptrdiff_t>(end),
            input.begin());
  end -= begin;
  begin = 0;
  if (end == input.size()) {
    if (input.size() >= kMaxHead) co_return make_error_code(http::error::header_limit);
    input.resize(input.size() * 2);
  }
  const auto buffer = asio::buffer(input.data() + end, input.size() - end);
  std::tuple<error_code, std::size_t> outcome;
  if (tls) {
    outcome = co_await tls->async_read_some(buffer, awaited);
  } else {
    outcome = co_await socket.async_read_some(buffer, awaited);
  }
  end += std::get<1>(outcome);
  if (std::get<1>(outcome) > 0) answered = true;
  co_return std::get<0>(outcome);
}

asio::awaitable<error_code> ApiConnection::Impl::write(const std::string& bytes) {
  const auto buffer = asio::buffer(bytes);
  std::tuple<error_code, std::size_t> outcome;
  if (tls) {
    outcome = co_await asio::async_write(*tls, buffer, awaited);
  } else {
    outcome = co_await asio::async_write(socket, buffer, awaited);
  }
  co_return std::get<0>(outcome);
}

bool ApiConnection::Impl::parse(error_code& error) {
  if (begin == end) return true;
  begin += parser->put(asio::buffer(input.data() + begin, end - begin), error);
  if (error != http::error::need_more) return false;
  error = {};
  return true;
}

ApiConnection::ApiConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ApiConnection::~ApiConnection() {
  impl_->close();
}

asio::awaitable<base::Result<std::shared_ptr<ApiConnection>>> ApiConnection::connect(const ApiEndpoint& endpoint,
                                                                                     std::chrono::milliseconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  std::shared_ptr<ApiConnection> connection(new ApiConnection(std::make_unique<Impl>(executor, endpoint)));
  Impl& impl = *connection->impl_;
  if (endpoint.tls) {
    if (const auto prepared = impl.prepare_tls(); !prepared) co_return prepared.error();
  }
  impl.start_timer(connection, limit);
  const std::string what = "connect to the API server at " + impl.name() + ": ";
  const std::string port = std::to_string(endpoint.port);
  const auto [unresolved, addresses] =
      co_await impl.resolver.async_resolve(endpoint.host, port, tcp::resolver::numeric_service, awaited);
  if (unresolved || impl.closed) co_return base::fail(what + impl.problem(unresolved));
  const auto [unconnected, address] = co_await asio::async_connect(impl.socket, addresses, awaited);
  if (unconnected || impl.closed) co_return base::fail(what + impl.problem(unconnected));
  watch_peer(impl.socket);
  if (impl.tls) {
    const auto [untrusted] = co_await impl.tls->async_handshake(asio::ssl::stream_base::client, awaited);
    if (untrusted || impl.closed) co_return base::fail(what + impl.problem(untrusted));
  }
  impl.stop_timer();
  co_return connection;
}

asio::awaitable<base::Result<ApiHead>> ApiConnection::exchange(const std::string& request,
                                                               std::chrono::milliseconds limit) {
  const auto self = shared_from_this();
  Impl& impl = *impl_;
  impl.answered = impl.body_done = impl.keep = false;
  impl.begin = impl.end = 0;
  impl.start_timer(self, limit);
  error_code error = co_await impl.write(request);
  bool head_done = false;
  while (!error && !head_done) {
    impl.parser.emplace();
    impl.parser->header_limit(kMaxHead);
    impl.parser->body_limit(boost::none);
    while (!error && !impl.parser->is_header_done()) {
      if (impl.parse(error)) error = co_await impl.read_more();
    }
    // 1xx answers come before the one that counts.
    head_done = !error && impl.parser->get().result_int() >= 200;
  }
  impl.stop_timer();
  if (error || impl.closed) co_return base::fail("the API server did not answer: " + impl.problem(error));
  const auto& head = impl.parser->get();
  impl.keep = impl.parser->keep_alive();
  impl.body_done = impl.parser->is_done();
  impl.wants_more = false;
  ApiHead result;
  result.status = static_cast<int>(head.result_int());
  const auto retry_after = head[http::field::retry_after];
  result.retry_after = retry_after_of({retry_after.data(), retry_after.size()});
  co_return result;
}

asio::awaitable<base::Result<bool>> ApiConnection::read_body(std::string& into, std::chrono::milliseconds idle) {
  const auto self = shared_from_this();
  Impl& impl = *impl_;
  const std::size_t before = into.size();
  error_code error;
  while (!error && into.size() == before && !impl.parser->is_done()) {
    if (impl.begin == impl.end || impl.wants_more) {
      impl.start_timer(self, idle);
      error = co_await impl.read_more();
      impl.stop_timer();
      if (error == asio::error::eof && impl.parser->need_eof()) {
        error = {};
        impl.parser->put_eof(error);
        break;
      }
      if (error) break;
    }
    into.resize(before + kPiece);
    auto& body = impl.parser->get().body();
    body.data = into.data() + before;
    body.size = kPiece;
    body.more = true;
    impl.wants_more = impl.parse(error);
    into.resize(before + kPiece - body.size);
    if (error == http::error::need_buffer) error = {};
  }
  if (error || impl.closed) co_return base::fail("the answer of the API server was cut: " + impl.problem(error));
  impl.body_done = impl.parser->is_done();
  co_return into.size() != before || !impl.body_done;
}

bool ApiConnection::reusable() const {
  return impl_->body_done && impl_->keep && !impl_->closed && impl_->begin == impl_->end;
}

bool ApiConnection::quiet() {
  char byte = 0;
  const ssize_t count = ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool ApiConnection::unanswered() const {
  return !impl_->answered && !impl_->late;
}

void ApiConnection::close() {
  impl_->close();
}

}  // namespace weir::watch
