// What an HTTP/2 endpoint may say to a request: the input is its bytes, in two pieces. Whatever they are, the head that
// comes of them is clean, and no more is held than the window allows.
#include "fuzz/fuzz.h"
#include "upstream/h2_request.h"
#include "upstream/h2_session.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace weir;
using weir::fuzz::require;

constexpr std::size_t kWindow = 256 * 1024;

void check_fields(const http::Fields& fields) {
  for (const http::Field& field : fields.all()) {
    const std::string_view value = fields.value(field);
    require(!fields.name(field).empty(), "a field has a name");
    require(value.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos, "a value is one line");
  }
}

class Connection {
 public:
  Connection() {
    int pair[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "a pair of sockets");
    far_ = pair[1];
    sock_ = net::Sock::adopt(reactor_, pair[0]);
    session_ = upstream::H2Session::make(*sock_, out_);
    require(session_ != nullptr, "a session");
  }
  ~Connection() { ::close(far_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run(std::string_view bytes) {
    std::string head = "POST / HTTP/1.1\r\nHost: a\r\n\r\n";
    std::vector<nghttp2_nv> fields;
    upstream::make_h2_request(head.data(), head.size(), false, fields);
    require(session_->open(fields, true, net::Millis(1000), head_), "a request begins");
    net::Task<int> sending = session_->send("some bytes of a body", true);
    session_->flush();
    const std::size_t half = bytes.size() / 2;
    if (say(bytes.substr(0, half)) && say(bytes.substr(half))) (void)session_->rest();
  }

 private:
  // false: the connection has ended.
  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, std::min<std::size_t>(bytes.size(), 16 * 1024));
      require(::send(far_, piece.data(), piece.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(piece.size()), "sent");
      bytes.remove_prefix(piece.size());
      // The edge of the socket is seen by the reactor only.
      reactor_.drain();
      net::Sock::Reading reading = sock_->recv_some(net::BufferPool::kSmall, net::Millis(0));
      if (!reading.await_ready() || reading.await_resume() <= 0) return false;
      session_->feed();
      session_->flush();
      check();
      if (!session_->alive() || session_->closed()) return false;
    }
    return true;
  }

  void check() {
    if (session_->has_head()) {
      require(head_.status >= 200 && head_.status <= 999, "status");
      check_fields(head_.fields);
    }
    if (session_->ended()) check_fields(session_->trailers());
    (void)session_->failure();
    std::string body;
    session_->take_body(body);
    held_ += body.size();
    require(held_ <= kWindow, "no more than the window");
    session_->consume(body.size() / 2);
    held_ -= body.size() / 2;
  }

  net::Reactor reactor_;
  upstream::OutBuffer out_;
  int far_ = -1;
  net::SockPtr sock_;
  http::ResponseHead head_;
  std::unique_ptr<upstream::H2Session> session_;
  std::size_t held_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Connection().run({reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 64 * 1024)});
  return 0;
}
