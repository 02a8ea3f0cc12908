#include "debug_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace weir::app {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using local = asio::local::stream_protocol;

namespace {

constexpr timeval kTimeout{20, 0};
constexpr std::uint64_t kMaxAnswer = 256u << 20;

std::string temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder && *folder ? folder : "/tmp";
}

bool answers(asio::io_context& context, const std::string& path) {
  local::socket socket(context);
  boost::system::error_code error;
  socket.connect(local::endpoint(path), error);
  return !error;
}

}  // namespace

std::string debug_socket_path() {
  return temporary_folder() + "/weir-" + std::to_string(::getpid()) + ".sock";
}

base::Result<std::string> find_debug_socket() {
  asio::io_context context{1};
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(temporary_folder(), error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("weir-") && name.ends_with(".sock") && answers(context, entry.path())) {
      found.push_back(entry.path());
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) return base::fail("no running Weir was found in " + temporary_folder() + "; name its --socket");
  std::string all;
  for (const std::string& path : found) all += " " + path;
  return base::fail("several run here, name one with --socket:" + all);
}

base::Result<DebugAnswer> ask_debug_socket(const std::string& path, const std::string& target) {
  asio::io_context context{1};
  local::socket socket(context);
  boost::system::error_code error;
  socket.connect(local::endpoint(path), error);
  if (error) return base::fail(path + ": " + error.message());
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof kTimeout);
  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, "weir");
  request.set(http::field::connection, "close");
  http::write(socket, request, error);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswer);
  if (!error) http::read(socket, buffer, parser, error);
  if (error) return base::fail(path + ": " + error.message());
  return DebugAnswer{parser.get().result_int(), std::move(parser.get().body())};
}

}  // namespace weir::app
