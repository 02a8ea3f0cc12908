#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Decodes chunks of any size.
std::string decode_chunks(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t line = text.find("\r\n");
    if (line == std::string_view::npos) return "(no chunk header)";
    const std::size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    if (size == 0) return text.substr(line) == "\r\n\r\n" ? out : "(bad end)";
    out += text.substr(line + 2, size);
    if (text.substr(line + 2 + size, 2) != "\r\n") return "(bad chunk end)";
    text.remove_prefix(line + 4 + size);
  }
}

class RelayTest : public ::testing::Test {
 protected:
  void serve(FakeUpstream::Script script) {
    upstream = std::make_unique<FakeUpstream>(std::move(script));
    if (rules.model.backends.empty()) rules.add("a.example", "/", "web");
    rules.backend("web", {upstream->port()});
    proxy = std::make_unique<Proxy>(rules);
  }
  void answer(const std::string& response) { serve(FakeUpstream::answering(response)); }

  Rules rules;
  std::unique_ptr<FakeUpstream> upstream;
  std::unique_ptr<Proxy> proxy;
};

TEST_F(RelayTest, BodiesOfAnySizeComeWhole) {
  for (const std::size_t size : {0u, 1u, 1024u, 1025u, 65536u, 131072u, 1000000u, 8000000u}) {
    const std::string body = pattern(size);
    answer("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + body);
    Wire client = proxy->connect();
    for (int i = 0; i < 2; ++i) {
      client.send(kGet);
      EXPECT_TRUE(body_of(client.read_response()) == body) << size;
    }
    EXPECT_EQ(upstream->connections(), 1) << size;
  }
}

TEST_F(RelayTest, ASlowReaderGetsEverything) {
  const std::string body = pattern(8'000'000);
  answer("HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + body);
  for (const bool buffering : {false, true}) {
    for (model::Location& one : rules.host("a.example").locations) one.policies.proxy.buffering = buffering;
    proxy->publish(rules);
    Wire client = proxy->connect();
    client.shrink_receive_buffer();
    client.send(kGet);
    std::string got;
    for (int i = 0; i < 20; ++i) {
      got += client.read_exactly(20000);
      pause(2ms);
    }
    got += client.read_exactly(body.size() + got.find("\r\n\r\n") + 4 - got.size());
    EXPECT_TRUE(body_of(got) == body);
  }
}

TEST_F(RelayTest, WithBufferingTheEndpointIsReadAheadOfASlowClient) {
  std::atomic<bool> delivered{false};
  const std::string body = pattern(16'000'000);
  serve([&](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 16000000\r\n\r\n");
    wire.send(body);
    delivered = true;
  });
  for (model::Location& one : rules.host("a.example").locations) {
    one.policies.proxy.buffering = true;
    one.policies.proxy.buffers_number = 16;
    one.policies.proxy.buffer_size = 1024 * 1024;
  }
  proxy->publish(rules);
  Wire client = proxy->connect();
  client.shrink_receive_buffer();
  client.send(kGet);

  EXPECT_TRUE(eventually([&] { return delivered.load(); })) << "nothing was read by the client yet";
  EXPECT_TRUE(body_of(client.read_response()) == body);
}

TEST_F(RelayTest, ChunksComeAsChunks) {
  answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n2\r\n, \r\n5\r\nworld\r\n0\r\nX-T: "
      "1\r\n\r\n");
  Wire client = proxy->connect();
  for (int i = 0; i < 2; ++i) {
    client.send(kGet);
    const std::string response = client.read_response();
    EXPECT_THAT(response, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(response, Not(HasSubstr("X-T")));
    EXPECT_EQ(decode_chunks(body_of(response)), "hello, world");
  }
  EXPECT_EQ(upstream->connections(), 1);
}

TEST_F(RelayTest, ManyChunksInAnyCutComeWhole) {
  std::string encoded = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string whole;
  for (std::size_t i = 1; i < 300; ++i) {
    const std::string piece = pattern(i * 37 % 5000 + 1);
    char header[16];
    std::snprintf(header, sizeof header, "%zx\r\n", piece.size());
    encoded += header + piece + "\r\n";
    whole += piece;
  }
  encoded += "0\r\n\r\n";
  serve([encoded](Wire& wire, int) {
    while (!wire.read_head().empty()) {
      for (std::size_t at = 0, step = 1; at < encoded.size(); at += step, step = step * 3 % 40009 + 1) {
        if (!wire.send(std::string_view(encoded).substr(at, step))) return;
      }
    }
  });
  Wire client = proxy->connect();
  for (int i = 0; i < 3; ++i) {
    client.send(kGet);
    const std::string decoded = decode_chunks(body_of(client.read_response()));
    EXPECT_EQ(decoded.size(), whole.size()) << decoded.substr(0, 100);
    EXPECT_TRUE(decoded == whole);
  }
}

TEST_F(RelayTest, AnHttp10ClientGetsAChunkedBodyDecodedUntilTheClose) {
  answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  Wire client = proxy->connect();

  client.send("GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = client.read_all();

  EXPECT_EQ(body_of(all), "hello");
  EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("Transfer-Encoding")));
}

TEST_F(RelayTest, ABodyUntilTheCloseBecomesChunksAndTheClientKeepsItsConnection) {
  serve([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\n\r\nhello");
    pause(20ms);
    wire.send(", world");
  });
  Wire client = proxy->connect();
  for (int i = 0; i < 2; ++i) {
    client.send(kGet);
    EXPECT_EQ(decode_chunks(body_of(client.read_response())), "hello, world");
  }
  EXPECT_EQ(upstream->connections(), 2);
}

TEST_F(RelayTest, DataAndFinInOneSegmentAreBothSeen) {
  serve([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.0 200 OK\r\n\r\nhello");
    wire.half_close();
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(decode_chunks(body_of(proxy->get(kGet))), "hello");
}

TEST_F(RelayTest, AnswersWithoutABodyHaveNone) {
  Wire client = [&] {
    serve([](Wire& wire, int) {
      for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
        if (head.find("/204") != std::string::npos)
          wire.send("HTTP/1.1 204 No Content\r\n\r\n");
        else if (head.find("/304") != std::string::npos)
          wire.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
        else if (head.rfind("HEAD", 0) == 0)
          wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        else
          wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      }
    });
    return proxy->connect();
  }();

  client.send("GET /204 HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_THAT(client.read_head(), AllOf(StartsWith("HTTP/1.1 204 "), Not(HasSubstr("Content-Length"))));
  client.send("GET /304 HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 304 "));
  client.send("HEAD /x HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_THAT(client.read_head(), HasSubstr("Content-Length: 1000\r\n"));
  client.send(kGet);
  EXPECT_EQ(body_of(client.read_response()), "ok");
  EXPECT_EQ(upstream->connections(), 1);
}

TEST_F(RelayTest, InterimAnswersAreSwallowed) {
  answer(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

  EXPECT_THAT(proxy->get(kGet), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(RelayTest, ABadHeadGives502) {
  for (const char* bad : {"nonsense\r\n\r\n", "HTTP/1.1 99 X\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    answer(bad);
    EXPECT_THAT(proxy->get(kGet), StartsWith("HTTP/1.1 502 Bad Gateway\r\n")) << bad;
  }
}

TEST_F(RelayTest, AHeadLargerThanItsBufferGives502) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Long: " + std::string(4096, 'a') + "\r\n\r\nok";
  answer(head);
  EXPECT_THAT(proxy->get(kGet), StartsWith("HTTP/1.1 502 "));

  for (model::Location& one : rules.host("a.example").locations) one.policies.proxy.buffer_size = 8192;
  proxy->publish(rules);
  EXPECT_EQ(body_of(proxy->get(kGet)), "ok");
}

TEST_F(RelayTest, ATruncatedBodyCutsTheClientsConnection) {
  for (const char* cut : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"}) {
    serve([cut](Wire& wire, int) {
      wire.read_head();
      wire.send(std::string(cut).substr(0, std::string_view(cut).find("hello") + 5));
      pause(20ms);
      wire.send(std::string(cut).substr(std::string_view(cut).find("hello") + 5));
    });
    Wire client = proxy->connect();
    client.send(kGet);
    const std::string all = client.read_all();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(all, Not(HasSubstr("0\r\n\r\n")));
    EXPECT_TRUE(client.was_reset()) << cut;
  }
}

TEST_F(RelayTest, SurplusBytesEndTheUpstreamConnection) {
  answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  Wire client = proxy->connect();
  for (int i = 0; i < 3; ++i) {
    client.send(kGet);
    EXPECT_EQ(body_of(client.read_response()), "ok");
  }
  EXPECT_EQ(upstream->connections(), 3);
}

TEST_F(RelayTest, XAccelFieldsDoNotReachTheClient) {
  answer(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Accel-Buffering: no\r\nX-Accel-Charset: utf-8\r\nX-Accel-Expires: "
      "1\r\nX-Pad: 1\r\n\r\nok");

  const std::string response = proxy->get(kGet);

  EXPECT_THAT(response, Not(HasSubstr("X-Accel")));
  EXPECT_THAT(response, Not(HasSubstr("X-Pad")));
  EXPECT_EQ(body_of(response), "ok");
}

TEST_F(RelayTest, ASilentUpstreamGives504) {
  for (model::Location& one : (rules.add("a.example", "/", "web"), rules.host("a.example").locations)) {
    one.policies.proxy.read_timeout = 1s;
    one.policies.proxy.next_upstream_tries = 1;
  }
  rules.backend("web", {1});
  serve([](Wire& wire, int) { wire.read_all(); });

  EXPECT_THAT(proxy->get(kGet), HasSubstr("<title>504 Gateway Time-out</title>"));
}

}  // namespace
}  // namespace weir::proxy::test
