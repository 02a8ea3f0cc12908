// `weir healthcheck`: asks a URL and says by its exit status whether the answer was a 2xx. For images without a shell:
// container health checks and `helm test`.
#include "commands.h"
#include "print.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace weir::app {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::chrono::seconds kTryTimeout{5};
constexpr std::chrono::milliseconds kPause{500};  // between two tries
constexpr const char* kDefaultUrl = "http://127.0.0.1:10254/healthz";

struct Url {
  std::string host, port, target;
};

std::optional<Url> parse_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const auto slash = text.find('/');
  Url url;
  url.target = slash == std::string_view::npos ? "/" : std::string(text.substr(slash));
  std::string_view authority = text.substr(0, slash);
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  url.port = has_port ? std::string(authority.substr(colon + 1)) : "80";
  if (has_port) authority = authority.substr(0, colon);
  if (authority.size() > 2 && authority.front() == '[') authority = authority.substr(1, authority.size() - 2);
  url.host = std::string(authority);
  if (url.host.empty() || url.port.empty()) return std::nullopt;
  return url;
}

// Empty: the answer was a 2xx.
std::string ask(const Url& url) {
  asio::io_context context{1};
  beast::tcp_stream stream(context);
  beast::error_code error;
  asio::ip::tcp::resolver resolver(context);
  const auto addresses = resolver.resolve(url.host, url.port, error);
  if (error) return url.host + ": " + error.message();
  // The time limits of a tcp_stream hold for asynchronous calls only.
  bool done = false;
  http::request<http::empty_body> request(http::verb::get, url.target, 11);
  request.set(http::field::host, url.host);
  request.set(http::field::user_agent, "weir-healthcheck");
  request.set(http::field::connection, "close");
  http::response_parser<http::string_body> parser;
  parser.body_limit(1 << 20);
  beast::flat_buffer buffer;
  stream.expires_after(kTryTimeout);
  const auto finish = [&](beast::error_code e) {
    error = e;
    done = true;
  };
  stream.async_connect(addresses, [&](beast::error_code connected, const asio::ip::tcp::endpoint&) {
    if (connected) return finish(connected);
    http::async_write(stream, request, [&](beast::error_code written, std::size_t) {
      if (written) return finish(written);
      http::async_read(stream, buffer, parser, [&](beast::error_code read, std::size_t) { finish(read); });
    });
  });
  context.run();
  if (!done || error) return error ? error.message() : "no answer";
  const unsigned status = parser.get().result_int();
  return status >= 200 && status < 300 ? "" : "status " + std::to_string(status);
}

int healthcheck(const std::string& text, std::chrono::duration<double> wait) {
  const auto url = parse_url(text);
  if (!url) {
    print_error("weir healthcheck: " + text + ": must be http://HOST[:PORT][/PATH]\n");
    return kExitUsage;
  }
  const auto end = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const std::string problem = ask(*url);
    if (problem.empty()) return 0;
    if (std::chrono::steady_clock::now() >= end) {
      print_error("weir healthcheck: " + text + ": " + problem + "\n");
      return 1;
    }
    asio::io_context context{1};
    asio::steady_timer(context, kPause).wait();
  }
}

}  // namespace

Command healthcheck_command() {
  Command command;
  command.name = "healthcheck";
  command.summary = "ask a running Weir whether it is well";
  command.positional = "URL";
  command.positional_doc = std::string("What to ask; ") + kDefaultUrl + " when absent";
  command.max_positional = 1;
  auto wait = std::make_shared<double>(0);
  command.flags = {{"wait", FlagType::duration, "0s", "healthcheck", "Try again for so long", FlagEffect::active,
                    [wait](std::string_view value) -> std::optional<std::string> {
                      *wait = parse_go_duration(value).value_or(0);
                      return std::nullopt;
                    }}};
  command.run = [wait](const std::vector<std::string>& urls, const std::vector<std::string>&) {
    return healthcheck(urls.empty() ? kDefaultUrl : urls.front(), std::chrono::duration<double>(*wait));
  };
  return command;
}

}  // namespace weir::app
