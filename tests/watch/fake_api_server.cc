#include "watch/fake_api_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

namespace weir::watch {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);

std::string decoded(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

FakeRequest parse(const std::string& head) {
  FakeRequest request;
  std::size_t at = head.find(' ');
  request.method = head.substr(0, at);
  const std::size_t end = head.find(' ', at + 1);
  std::string target = head.substr(at + 1, end - at - 1);
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  std::string query = mark == std::string::npos ? "" : target.substr(mark + 1);
  for (std::size_t begin = 0; begin < query.size();) {
    const std::size_t stop = std::min(query.find('&', begin), query.size());
    const std::string pair = query.substr(begin, stop - begin);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    request.query[decoded(pair.substr(0, equals))] = equals < pair.size() ? decoded(pair.substr(equals + 1)) : "";
    begin = stop + 1;
  }
  for (at = head.find("\r\n") + 2; head.compare(at, 2, "\r\n") != 0;) {
    const std::size_t colon = head.find(':', at);
    const std::size_t stop = head.find("\r\n", at);
    std::string name = head.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    request.headers[name] = head.substr(colon + 2, stop - colon - 2);
    at = stop + 2;
  }
  return request;
}

std::string chunk(const std::string& piece) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  return size + piece + "\r\n";
}

template <class Stream>
class Exchange : public FakeExchange {
 public:
  Exchange(Stream& stream, tcp::socket& socket) : stream_(stream), socket_(socket) {}

  asio::awaitable<void> answer(int status, std::string body, std::string headers) override {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " x\r\n" + headers +
                       "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                       body;
    co_await raw(std::move(text));
  }
  asio::awaitable<void> begin() override { co_await raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); }
  asio::awaitable<void> send(std::string piece) override { co_await raw(chunk(piece)); }
  asio::awaitable<void> end() override { co_await raw("0\r\n\r\n"); }
  asio::awaitable<void> raw(std::string bytes) override {
    const auto buffer = asio::buffer(bytes);
    co_await asio::async_write(stream_, buffer, awaited);
  }
  void cut() override {
    error_code ignored;
    socket_.close(ignored);
  }
  asio::awaitable<void> pause(std::chrono::milliseconds time) override {
    asio::steady_timer timer(socket_.get_executor(), time);
    co_await timer.async_wait(awaited);
  }

 private:
  Stream& stream_;
  tcp::socket& socket_;
};

}  // namespace

struct FakeApiServer::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, FakeApiServer& o)
      : owner(&o), acceptor(context, {asio::ip::make_address("127.0.0.1"), 0}) {}

  FakeApiServer* owner;  // null when it is gone
  std::shared_ptr<Handler> handler;
  tcp::acceptor acceptor;
  std::optional<asio::ssl::context> tls;
  std::set<tcp::socket*> sockets;

  asio::awaitable<void> accept();
  asio::awaitable<void> serve(tcp::socket socket, std::size_t number);
  template <class Stream>
  asio::awaitable<void> talk(Stream& stream, tcp::socket& socket, std::size_t number);
};

template <class Stream>
asio::awaitable<void> FakeApiServer::State::talk(Stream& stream, tcp::socket& socket, std::size_t number) {
  std::string input;
  while (owner && socket.is_open()) {
    const auto [error, size] =
        co_await asio::async_read_until(stream, asio::dynamic_buffer(input), "\r\n\r\n", awaited);
    if (error || !owner) co_return;
    Exchange<Stream> exchange(stream, socket);
    exchange.request = parse(input.substr(0, size));
    exchange.request.connection = number;
    input.erase(0, size);
    const auto length = exchange.request.headers.find("content-length");
    const std::size_t wanted = length == exchange.request.headers.end() ? 0 : std::stoul(length->second);
    if (input.size() < wanted) {
      const std::size_t missing = wanted - input.size();
      const auto [failed, got] =
          co_await asio::async_read(stream, asio::dynamic_buffer(input), asio::transfer_exactly(missing), awaited);
      if (failed || got < missing || !owner) co_return;
    }
    exchange.request.body = input.substr(0, wanted);
    input.erase(0, wanted);
    owner->requests.push_back(exchange.request);
    const auto act = handler;  // stays while it acts
    co_await (*act)(exchange);
  }
}

asio::awaitable<void> FakeApiServer::State::serve(tcp::socket socket, std::size_t number) {
  const auto self = shared_from_this();
  sockets.insert(&socket);
  if (tls) {
    asio::ssl::stream<tcp::socket&> stream(socket, *tls);
    const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, awaited);
    if (!error) co_await talk(stream, socket, number);
  } else {
    co_await talk(socket, socket, number);
  }
  sockets.erase(&socket);
}

asio::awaitable<void> FakeApiServer::State::accept() {
  const auto self = shared_from_this();
  while (owner) {
    auto [error, socket] = co_await acceptor.async_accept(awaited);
    if (error || !owner) co_return;
    const std::size_t number = ++owner->connections;
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), number),
                   [](const std::exception_ptr& escaped) { EXPECT_FALSE(escaped) << "a handler of the fake threw"; });
  }
}

FakeApiServer::FakeApiServer(asio::io_context& context, Handler h, const std::string& certificate,
                             const std::string& key)
    : state_(std::make_shared<State>(context, *this)) {
  state_->handler = std::make_shared<Handler>(std::move(h));
  if (!certificate.empty()) {
    state_->tls.emplace(asio::ssl::context::tls_server);
    state_->tls->use_certificate_chain(asio::buffer(certificate));
    state_->tls->use_private_key(asio::buffer(key), asio::ssl::context::pem);
  }
  asio::co_spawn(context, state_->accept(), [state = state_](const std::exception_ptr&) {});
}

FakeApiServer::~FakeApiServer() {
  state_->owner = nullptr;
  error_code ignored;
  state_->acceptor.close(ignored);
  for (tcp::socket* socket : state_->sockets) socket->close(ignored);
}

int FakeApiServer::port() const {
  return state_->acceptor.local_endpoint().port();
}

std::string event_line(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

std::string bookmark_line(const std::string& kind, const std::string& version, bool end_of_list) {
  const std::string annotations = end_of_list ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "";
  return event_line(
      "BOOKMARK", R"({"kind":")" + kind + R"(","metadata":{"resourceVersion":")" + version + "\"" + annotations + "}}");
}

std::string status_body(int code, const std::string& reason, const std::string& cause) {
  const std::string details = cause.empty() ? "" : R"(,"details":{"causes":[{"reason":")" + cause + R"("}]})";
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"as the test wants it","reason":")" +
         reason + R"(","code":)" + std::to_string(code) + details + "}";
}

std::string service_json(const std::string& name, const std::string& version, int port) {
  return R"({"kind":"Service","apiVersion":"v1","metadata":{"name":")" + name +
         R"(","namespace":"default","resourceVersion":")" + version + R"("},"spec":{"ports":[{"port":)" +
         std::to_string(port) + "}]}}";
}

std::string list_json(const std::string& kind, const std::string& version, const std::vector<std::string>& items,
                      const std::string& continue_token) {
  std::string text = R"({"kind":")" + kind + R"(","apiVersion":"v1","metadata":{"resourceVersion":")" + version + "\"";
  if (!continue_token.empty()) text += R"(,"continue":")" + continue_token + "\"";
  text += R"(},"items":[)";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : ",") + items[i];
  return text + "]}";
}

}  // namespace weir::watch
