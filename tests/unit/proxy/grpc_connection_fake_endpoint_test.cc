// backend-protocol GRPC against endpoints that say exact frames: windows, and connections between calls.
#include "unit/proxy/grpc_fake_endpoint.h"

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// --- windows

TEST_F(GrpcFakeEndpoint, ABodyGoesUpAsTheEndpointOpensItsWindow) {
  const std::string sent = pattern(1000);
  std::string got;
  std::vector<std::size_t> pieces;
  FakeUpstream upstream([&](Wire& wire, int) {
    H2Endpoint endpoint(wire, {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}});
    endpoint.answer(endpoint.request(), "first");  // the settings are known from now on
    const std::uint32_t stream = endpoint.request(false);
    while (got.size() < sent.size()) {
      endpoint.open_window(stream, 300);
      const std::optional<H2Frame> frame = endpoint.next(kData);
      if (!frame) return;
      got += frame->payload;
      pieces.push_back(frame->payload.size());
    }
    endpoint.answer(stream, "hello");
    endpoint.next(kGoaway);
  });
  Proxy& weir = proxy(upstream);
  Wire client = weir.connect();
  client.send(kBareCall);
  EXPECT_THAT(client.read_response(), HasSubstr("first"));
  client.send("POST /S/M HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\n" + sent);

  EXPECT_THAT(client.read_response(), HasSubstr("hello"));
  EXPECT_EQ(got, sent);
  EXPECT_THAT(pieces, ::testing::ElementsAre(300, 300, 300, 100));
}

TEST_F(GrpcFakeEndpoint, AnEndpointThatTakesNoneOfTheBodyIs504) {
  policy->send_timeout = 300ms;
  const std::string answer = ask(
      [](Wire& wire, int) {
        H2Endpoint endpoint(wire);
        endpoint.request(false);
        endpoint.next(kGoaway);  // its first window is 65,535 bytes
      },
      "POST /S/M HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n" + pattern(100'000));

  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 504 "), HasSubstr("X-Weir-Reason: upstream-send-timeout\r\n")));
}

TEST_F(GrpcFakeEndpoint, ASilentEndpointIs504) {
  policy->read_timeout = 300ms;
  const std::string answer = ask([](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    endpoint.request();
    endpoint.next(kGoaway);
  });

  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 504 "), HasSubstr("X-Weir-Reason: upstream-read-timeout\r\n")));
}

TEST_F(GrpcFakeEndpoint, AnEndpointMayNotSendMoreThanItsWindow) {
  std::atomic<bool> told{false};
  FakeUpstream upstream([&](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    std::string out = h2_frame(kHeaders, kEndHeaders, stream, h2_fields({{":status", "200"}}));
    // At once, so that nothing can be taken in between: twice the window.
    const std::string piece(16'384, 'x');
    for (int i = 0; i < 512; ++i) out += h2_frame(kData, kNone, stream, piece);
    wire.send(out);
    while (const std::optional<H2Frame> frame = endpoint.next()) {
    }
    told = true;
  });
  Wire client = proxy(upstream).connect();
  client.shrink_receive_buffer();
  client.send(kCall);

  EXPECT_TRUE(eventually([&] { return told.load(); })) << "the connection went on";
}

// Sends as much of a response as the windows allow, and no more.
class Sender {
 public:
  Sender(H2Endpoint& endpoint, std::uint32_t stream, std::atomic<std::size_t>& sent)
      : endpoint_(endpoint), stream_(stream), sent_(sent) {}

  void send_until(std::size_t size) {
    const std::string piece(16'384, 'x');
    while (sent_ < size && std::min(windows_[0], windows_[1]) >= piece.size()) {
      endpoint_.data(stream_, piece);
      windows_[0] -= piece.size();
      windows_[1] -= piece.size();
      sent_ += piece.size();
    }
  }
  void opened(const H2Frame& frame) {
    const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(frame.payload[i])}; };
    windows_[frame.stream == 0 ? 0 : 1] += byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
  }

 private:
  H2Endpoint& endpoint_;
  const std::uint32_t stream_;
  std::atomic<std::size_t>& sent_;
  // Connection (opened in front of the request) and stream.
  std::size_t windows_[2] = {256 * 1024, 256 * 1024};
};

// The endpoint has sent something and is held back since; on a slow machine it may only seem so.
bool is_stuck(const std::atomic<std::size_t>& sent) {
  const auto now = std::chrono::steady_clock::now;
  std::size_t seen = 0;
  auto since = now();
  return eventually([&] {
    if (sent != seen) since = now();
    seen = sent;
    return seen >= 200'000 && now() - since >= 300ms;
  });
}

TEST_F(GrpcFakeEndpoint, AClientThatDoesNotReadHoldsTheEndpointBack) {
  std::atomic<std::size_t> sent{0};
  constexpr std::size_t kSize = 32u << 20;
  FakeUpstream upstream([&](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    endpoint.head(stream);
    Sender sender(endpoint, stream, sent);
    for (sender.send_until(kSize); sent < kSize; sender.send_until(kSize)) {
      const std::optional<H2Frame> frame = endpoint.next(kWindow);
      if (!frame) return;
      sender.opened(*frame);
    }
    endpoint.data(stream, "the end", true);
    endpoint.next(kGoaway);
  });
  Wire client = proxy(upstream).connect();
  client.shrink_receive_buffer();
  client.send(kCall);
  ASSERT_TRUE(is_stuck(sent));

  EXPECT_LT(sent, kSize / 2) << "what the sockets hold, and the window";
  EXPECT_THAT(client.read_response(), HasSubstr("the end"));
}

TEST_F(GrpcFakeEndpoint, TheRequestGoesOnWhileTheClientDoesNotRead) {
  std::atomic<std::size_t> sent{0};
  std::atomic<std::size_t> got{0};
  constexpr std::size_t kSize = 1u << 20;
  FakeUpstream upstream([&](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request(false);
    endpoint.head(stream);
    Sender sender(endpoint, stream, sent);
    std::optional<H2Frame> frame;
    do {
      sender.send_until(std::size_t{64} << 20);
      frame = endpoint.next();
      if (!frame) return;
      if (frame->type == kWindow) sender.opened(*frame);
      if (frame->type != kData || frame->payload.empty()) continue;
      got += frame->payload.size();
      endpoint.open_window(0, static_cast<std::uint32_t>(frame->payload.size()));
      endpoint.open_window(stream, static_cast<std::uint32_t>(frame->payload.size()));
    } while (!frame->ends_stream());
    // The window is used up: this waits until the client reads.
    while (const std::optional<H2Frame> more = endpoint.next(kWindow)) {
      if (more->stream == stream) break;
    }
    endpoint.data(stream, "the end", true);
    endpoint.next(kGoaway);
  });
  policy->body_size = 0;
  Wire client = proxy(upstream).connect();
  client.shrink_receive_buffer();
  client.send("POST /S/M HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
  ASSERT_TRUE(is_stuck(sent));
  client.send(pattern(kSize));

  EXPECT_TRUE(eventually([&] { return got == kSize; })) << got;
  EXPECT_THAT(client.read_response(), HasSubstr("the end"));
}

// --- connections

TEST_F(GrpcFakeEndpoint, PingsAreAnsweredBetweenRequests) {
  std::atomic<int> delivered{0};
  std::atomic<int> answered{0};
  FakeUpstream upstream([&](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    for (int i = 1; const std::uint32_t stream = endpoint.request(); ++i) {
      endpoint.answer(stream, "hello");
      EXPECT_TRUE(eventually([&] { return delivered == i; }));
      endpoint.send(kPing, kNone, 0, "12345678");
      const std::optional<H2Frame> frame = endpoint.next(kPing);
      if (frame && (frame->flags & kAck) != 0 && frame->payload == "12345678") ++answered;
    }
  });
  Proxy& weir = proxy(upstream);

  for (int i = 1; i <= 3; ++i) {
    EXPECT_THAT(weir.get(kCall), HasSubstr("hello"));
    delivered = i;
    EXPECT_TRUE(eventually([&] { return answered == i; }));
  }
  EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(GrpcFakeEndpoint, AnIdleConnectionHasABudgetToo) {
  std::atomic<int> delivered{0};
  std::atomic<int> ended{0};
  FakeUpstream upstream([&](Wire& wire, int connection) {
    H2Endpoint endpoint(wire);
    endpoint.answer(endpoint.request(), "hello");
    EXPECT_TRUE(eventually([&] { return delivered > connection; }));
    std::string many;
    for (int i = 0; i < 1000; ++i) many += h2_frame(kPing, kNone, 0, "12345678");
    // More than the budget can be for minutes.
    int sent = 0;
    while (sent < 1000 && wire.send(many)) ++sent;
    if (sent < 1000) ++ended;
  });
  Proxy& weir = proxy(upstream);

  for (int i = 1; i <= 2; ++i) {
    EXPECT_THAT(weir.get(kCall), HasSubstr("hello"));
    delivered = i;
    EXPECT_TRUE(eventually([&] { return ended == i; }));
  }
  EXPECT_EQ(upstream.connections(), 2);
}

TEST_F(GrpcFakeEndpoint, AnIdleConnectionThatEndsIsNotUsedAgain) {
  std::atomic<int> closed{0};
  FakeUpstream upstream([&](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    endpoint.answer(endpoint.request(), "hello");
    endpoint.go_away(1);
    while (endpoint.next()) {
    }
    ++closed;
  });
  Proxy& weir = proxy(upstream);

  for (int i = 1; i <= 3; ++i) {
    EXPECT_THAT(weir.get(kCall), HasSubstr("hello"));
    EXPECT_TRUE(eventually([&] { return closed == i; })) << "Weir closes it";
  }
}

TEST_F(GrpcFakeEndpoint, ConnectionsAreNotSharedWithHttp1) {
  std::atomic<int> http1{0};
  FakeUpstream upstream([&](Wire& wire, int connection) {
    if (connection == 0) {
      H2Endpoint endpoint(wire);
      endpoint.answer(endpoint.request(), "hello");
      endpoint.next(kGoaway);
    } else if (wire.read_head().starts_with("GET / HTTP/1.1\r\n")) {
      ++http1;
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain");
    }
  });
  rules.add("b.example", "/", "web");
  Proxy& weir = proxy(upstream);

  EXPECT_THAT(weir.get(kCall), HasSubstr("hello"));
  EXPECT_THAT(weir.get("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n"), HasSubstr("plain"));
  EXPECT_EQ(http1, 1);
}

TEST_F(GrpcFakeEndpoint, AClientThatLeavesEndsTheCall) {
  std::atomic<int> state{0};
  FakeUpstream upstream([&](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    endpoint.head(stream);
    endpoint.data(stream, "begun");
    state = 1;
    while (endpoint.next()) {
    }
    state = 2;
  });
  Wire client = proxy(upstream).connect();
  client.send(kCall);
  ASSERT_THAT(client.read_until("begun"), HasSubstr("begun"));
  client.reset();

  EXPECT_TRUE(eventually([&] { return state == 2; }));
}

}  // namespace
}  // namespace weir::proxy::test
