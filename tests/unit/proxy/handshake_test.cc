#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A blocking TLS client that trusts everybody.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, const char* name)
      : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval limit{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL_set_fd(ssl_, fd_);
    SSL_set_tlsext_host_name(ssl_, name);
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ::close(fd_);
  }
  TlsClient(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  bool send(const std::string& bytes) { return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0; }
  std::string read(std::size_t size) {
    std::string out;
    char chunk[16384];
    while (out.size() < size) {
      const int n = SSL_read(ssl_, chunk, sizeof chunk);
      if (n <= 0) break;
      out.append(chunk, static_cast<std::size_t>(n));
    }
    return out;
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  int fd_ = -1;
  bool connected_ = false;
};

class HandshakeTest : public ::testing::Test {
 protected:
  HandshakeTest() {
    rules.add("a.example", "/", "web").policies.https_redirect.force = true;
    rules.model.hosts.front().name = "_";
  }
  Rules rules;
};

TEST_F(HandshakeTest, ATlsClientIsServedWithHstsAndTheSchemeHttps) {
  std::mutex mutex;
  std::string seen;
  FakeUpstream upstream([&](Wire& wire, int) {
    for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
      std::lock_guard lock(mutex);
      seen = head;
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nStrict-Transport-Security: max-age=1\r\n\r\nok");
    }
  });
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules, 1, nullptr, true);

  TlsClient client(proxy.server.https_port(), "a.example");
  ASSERT_TRUE(client.connected());
  for (int i = 0; i < 3; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    const std::string response = client.read(100);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(response, HasSubstr("Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"));
    EXPECT_THAT(response, Not(HasSubstr("max-age=1\r\n")));
  }
  std::lock_guard lock(mutex);
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Proto: https\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Port: 443\r\n"));
}

TEST_F(HandshakeTest, BodiesOverTlsComeWholeInBothDirections) {
  const std::string body = pattern(3'000'000);
  FakeUpstream upstream([&](Wire& wire, int) {
    while (!wire.read_head().empty()) {
      const bool same = wire.read_exactly(body.size()) == body;
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n");
      wire.send(same ? body : std::string(body.size(), 'x'));
    }
  });
  rules.backend("web", {upstream.port()});
  for (model::Location& one : rules.host("a.example").locations) one.policies.proxy.body_size = 0;
  Proxy proxy(rules, 1, nullptr, true);

  TlsClient client(proxy.server.https_port(), "a.example");
  client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3000000\r\nConnection: close\r\n\r\n");
  client.send(body);
  EXPECT_TRUE(body_of(client.read(1 << 30)) == body);
}

TEST_F(HandshakeTest, APlainRequestToTheHttpsPortGets400) {
  Proxy proxy(rules, 1, nullptr, true);
  Wire client = proxy.connect_https_port();

  client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");

  const std::string response = client.read_response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(response, HasSubstr("<title>400 The plain HTTP request was sent to HTTPS port</title>"));
  EXPECT_TRUE(client.wait_for_close());
}

TEST_F(HandshakeTest, AnswersMadeInALocationCarryHstsThoseOfTheHostDoNot) {
  rules.backend("web", {});
  rules.host("a.example").app_root = "/app";
  Proxy proxy(rules, 1, nullptr, true);

  TlsClient inside(proxy.server.https_port(), "a.example");
  inside.send("GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
  const std::string unavailable = inside.read(1 << 20);
  EXPECT_THAT(unavailable, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(unavailable, HasSubstr("Strict-Transport-Security"));

  TlsClient root(proxy.server.https_port(), "a.example");
  root.send("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
  const std::string redirect = root.read(1 << 20);
  EXPECT_THAT(redirect, HasSubstr("Location: https://a.example/app\r\n"));
  EXPECT_THAT(redirect, Not(HasSubstr("Strict-Transport-Security")));
}

}  // namespace
}  // namespace weir::proxy::test
