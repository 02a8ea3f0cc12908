// backend-protocol GRPC against endpoints that say exact frames: requests, answers, tries, budgets. Windows and the
// life of connections: grpc_connection_fake_endpoint_test.cc. A real gRPC server is asked in tests/grpc.
#include "unit/proxy/grpc_fake_endpoint.h"

namespace weir::proxy::test {
namespace {

using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(GrpcFakeEndpoint, TheRequestIsHttp2) {
  H2Fields fields;
  std::string body;
  ask(
      [&](Wire& wire, int) {
        H2Endpoint endpoint(wire);
        const std::uint32_t stream = endpoint.request();
        fields = endpoint.fields;
        body = endpoint.body;
        endpoint.answer(stream, "hello");
      },
      "POST /S/M?x HTTP/1.1\r\nHost: a.example:80\r\nContent-Length: 5\r\nX-Mixed-Case: One\r\nTE: gzip\r\n"
      "Connection: close, X-Hop\r\nX-Hop: 1\r\nContent-Type: application/grpc\r\n\r\nhello");

  const auto value = [&](const char* name) {
    std::string all;
    for (const auto& [key, text] : fields) {
      if (key == name) all += "[" + text + "]";
    }
    return all;
  };
  EXPECT_EQ(body, "hello");
  EXPECT_EQ(fields.size() > 4 ? fields[0].first + fields[1].first + fields[2].first + fields[3].first : "",
            ":method:scheme:path:authority");
  EXPECT_EQ(value(":method"), "[POST]");
  EXPECT_EQ(value(":scheme"), "[http]");
  EXPECT_EQ(value(":path"), "[/S/M?x]");
  EXPECT_EQ(value(":authority"), "[a.example:80]");
  EXPECT_EQ(value("te"), "[trailers]");
  EXPECT_EQ(value("x-mixed-case"), "[One]");
  EXPECT_EQ(value("content-type"), "[application/grpc]");
  EXPECT_EQ(value("content-length"), "[5]");
  EXPECT_EQ(value("x-forwarded-for"), "[127.0.0.1]");
  for (const char* absent : {"host", "connection", "x-hop", "keep-alive", "transfer-encoding", "upgrade"}) {
    EXPECT_EQ(value(absent), "") << absent;
  }
}

TEST_F(GrpcFakeEndpoint, HeadAndBodyArriveAndTrailersDoNotForHttp1) {
  const std::string answer = ask([](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    endpoint.head(stream, {{":status", "200"}, {"content-type", "application/grpc"}, {"x-of-head", "1"}});
    endpoint.data(stream, "some");
    endpoint.data(stream, " bytes");
    endpoint.head(stream, {{"grpc-status", "0"}, {"x-of-trailers", "1"}}, true);
    endpoint.next(kGoaway);
  });

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("x-of-head: 1\r\n"));
  EXPECT_THAT(answer, AnyOf(HasSubstr("some bytes"), HasSubstr("some\r\n6\r\n bytes"))) << "in one chunk, or in two";
  EXPECT_THAT(answer, Not(HasSubstr("grpc-status")));
  EXPECT_THAT(answer, Not(HasSubstr("x-of-trailers")));
  EXPECT_THAT(answer, EndsWith("0\r\n\r\n"));
}

TEST_F(GrpcFakeEndpoint, AnXAccelRedirectIsFollowedAsGetWithoutTheBody) {
  H2Fields fields;
  std::string body;
  const std::string answer = ask([&](Wire& wire, int number) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    if (number == 0) {
      endpoint.head(stream, {{":status", "200"}, {"x-accel-redirect", "/other?q"}, {"set-cookie", "a=1"}}, true);
      return;
    }
    fields = endpoint.fields;
    body = endpoint.body;
    endpoint.answer(stream, "other");
  });

  EXPECT_THAT(fields, ::testing::Contains(::testing::Pair(":method", "GET")));
  EXPECT_THAT(fields, ::testing::Contains(::testing::Pair(":path", "/other?q")));
  EXPECT_EQ(body, "");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("other"));
  EXPECT_THAT(answer, HasSubstr("set-cookie: a=1\r\n"));
}

TEST_F(GrpcFakeEndpoint, AStandInSpeaksGrpcAndIsToldNothing) {
  H2Fields fields;
  FakeUpstream upstream([&](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    fields = endpoint.fields;
    endpoint.answer(stream, "spare");
  });
  Rules own;
  model::Location& location = own.add("a.example", "/", "web");
  location.policies.backend_protocol.protocol = features::BackendProtocol::grpc;
  location.error_backend = "spare";
  own.backend("web", {});
  own.backend("spare", {upstream.port()});
  Proxy proxy(own);

  EXPECT_THAT(proxy.get(kCall), HasSubstr("spare"));
  EXPECT_THAT(fields, ::testing::Contains(::testing::Pair(":path", "/S/M")));
  for (const auto& [name, value] : fields) EXPECT_NE(name, "x-code") << "spec 4.7";
}

TEST_F(GrpcFakeEndpoint, AHeadThatEndsTheStreamIsAnEmptyBody) {
  const std::string answer = ask([](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    endpoint.head(endpoint.request(), {{":status", "200"}, {"grpc-status", "5"}}, true);
    endpoint.next(kGoaway);
  });

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("grpc-status: 5\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 0\r\n"));
}

TEST_F(GrpcFakeEndpoint, AHeadWithoutABodyTellsTheLengthThatTheEndpointTold) {
  const auto answering = [](H2Fields head) {
    return [head = std::move(head)](Wire& wire, int) {
      H2Endpoint endpoint(wire);
      endpoint.head(endpoint.request(), head, true);
      endpoint.next(kGoaway);
    };
  };
  constexpr const char* kHead = "HEAD / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";

  EXPECT_THAT(ask(answering({{":status", "200"}}), kHead), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(ask(answering({{":status", "200"}, {"content-length", "7"}}), kHead), HasSubstr("Content-Length: 7\r\n"));
}

TEST_F(GrpcFakeEndpoint, ABodyThatIsCopiedComesFromMemoryOrFromAFile) {
  FakeUpstream copies(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  features::MirrorPolicy& mirror = rules.host("a.example").locations.front().policies.mirror;
  mirror.target = "http://127.0.0.1:" + std::to_string(copies.port()) + "/copy";
  mirror.body = true;
  for (const std::size_t size : {5u, 40'000u, 500'000u}) {
    const std::string sent = pattern(size);
    std::string got;
    std::atomic<int> tries{0};
    const std::string answer = ask(
        [&](Wire& wire, int) {
          H2Endpoint endpoint(wire, {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1'000'000}});
          endpoint.open_window(0, 1'000'000);
          const std::uint32_t stream = endpoint.request();
          got = endpoint.body;
          if (++tries == 1) {
            endpoint.reset(stream, kRefused);
          } else {
            endpoint.answer(stream, "hello");
          }
          endpoint.next(kGoaway);
        },
        "POST /S/M HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + sent);

    EXPECT_THAT(answer, HasSubstr("hello")) << size << ": sent again from its begin";
    EXPECT_TRUE(got == sent) << size << ": " << got.size();
  }
}

TEST_F(GrpcFakeEndpoint, InformationalHeadsAreSkipped) {
  EXPECT_THAT(ask([](Wire& wire, int) {
                H2Endpoint endpoint(wire);
                const std::uint32_t stream = endpoint.request();
                endpoint.head(stream, {{":status", "100"}});
                endpoint.head(stream, {{":status", "103"}, {"link", "x"}});
                endpoint.answer(stream, "hello");
                endpoint.next(kGoaway);
              }),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("hello"), Not(HasSubstr("link"))));
}

// --- tries

TEST_F(GrpcFakeEndpoint, ARefusedRequestIsSentAgainWithItsBody) {
  std::string body;
  const std::string answer = ask([&](Wire& wire, int connection) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    if (connection == 0) {
      endpoint.reset(stream, kRefused);
    } else {
      body = endpoint.body;
      endpoint.answer(stream, "hello");
    }
    endpoint.next(kGoaway);
  });

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(body, "hello");
  EXPECT_EQ(connections(), 2);
}

TEST_F(GrpcFakeEndpoint, ARequestThatAGoawayDoesNotCoverIsSentAgain) {
  std::string body;
  const std::string answer = ask([&](Wire& wire, int connection) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    if (connection == 0) {
      endpoint.go_away(0);
    } else {
      body = endpoint.body;
      endpoint.answer(stream, "hello");
    }
    endpoint.next(kGoaway);
  });

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(body, "hello");
}

TEST_F(GrpcFakeEndpoint, ALongBodyIsNotSentAgain) {
  const std::string body = pattern(200'000);
  const std::string answer = ask(
      [](Wire& wire, int) {
        H2Endpoint endpoint(wire, {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1'000'000}});
        endpoint.open_window(0, 1'000'000);
        endpoint.reset(endpoint.request(), kRefused);
        endpoint.next(kGoaway);
      },
      "POST /S/M HTTP/1.1\r\nHost: a.example\r\nContent-Length: 200000\r\n\r\n" + body);

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(connections(), 1);
}

TEST_F(GrpcFakeEndpoint, AResetBeforeTheHeadIsTriedAgainForAGetOnly) {
  const auto resetting = [](Wire& wire, int connection) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    if (connection == 0) {
      endpoint.reset(stream, kCancel);
    } else {
      endpoint.answer(stream, "hello");
    }
    endpoint.next(kGoaway);
  };

  EXPECT_THAT(ask(resetting, kCall),
              AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("X-Weir-Reason: upstream-reset\r\n")));
  EXPECT_EQ(connections(), 1);
  EXPECT_THAT(ask(resetting, kBareCall), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(connections(), 2);
}

TEST_F(GrpcFakeEndpoint, WhatProxyNextUpstreamSaysDoesNotCount) {
  policy->next_upstream = features::kRetryOff;
  EXPECT_THAT(ask(
                  [](Wire& wire, int connection) {
                    H2Endpoint endpoint(wire);
                    const std::uint32_t stream = endpoint.request();
                    if (connection > 0) endpoint.answer(stream, "hello");
                  },
                  kBareCall),
              StartsWith("HTTP/1.1 200 "));
}

// --- the end of the endpoint

TEST_F(GrpcFakeEndpoint, AResetBehindTheHeadCutsTheResponse) {
  const std::string answer = ask([](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    endpoint.head(stream);
    endpoint.data(stream, "half");
    endpoint.reset(stream, kCancel);
    endpoint.next(kGoaway);
  });

  EXPECT_THAT(answer, Not(EndsWith("0\r\n\r\n")));
}

TEST_F(GrpcFakeEndpoint, ACancelBehindTheHeadIsTheClientsToo) {
  const auto code_for = [&](H2Code code) {
    std::atomic<bool> begun{false};
    FakeUpstream upstream([&](Wire& wire, int) {
      H2Endpoint endpoint(wire);
      const std::uint32_t stream = endpoint.request();
      endpoint.head(stream);
      endpoint.data(stream, "half");
      EXPECT_TRUE(eventually([&] { return begun.load(); }));
      endpoint.reset(stream, code);
      endpoint.next(kGoaway);
    });
    Wire client = proxy(upstream).connect();
    client.send(
        h2_client_request({{":method", "POST"}, {":scheme", "http"}, {":path", "/S/M"}, {":authority", "a.example"}}));
    std::optional<H2Frame> frame;
    do {
      frame = read_h2_frame(client);
      begun = begun || (frame && frame->type == kData);
    } while (frame && frame->type != kReset);
    return frame ? frame->payload : std::string("(none)");
  };

  EXPECT_EQ(code_for(kCancel), h2_number(kCancel)) << "the deadline of a call is over";
  EXPECT_EQ(code_for(kRefused), h2_number(2)) << "INTERNAL_ERROR";
}

TEST_F(GrpcFakeEndpoint, ALengthThatIsNotKeptCutsTheResponse) {
  FakeUpstream upstream([](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    endpoint.head(stream, {{":status", "200"}, {"content-length", "10"}});
    endpoint.data(stream, "half", true);
    endpoint.next(kGoaway);
  });
  Wire client = proxy(upstream).connect();
  client.send(kCall);
  const std::string answer = client.read_response();

  // It may be known before the head was sent.
  EXPECT_TRUE(client.was_reset() || answer.starts_with("HTTP/1.1 502 ")) << answer;
}

TEST_F(GrpcFakeEndpoint, AWholeAnswerCountsAlthoughTheRequestGoesOn) {
  FakeUpstream upstream([](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request(false);
    endpoint.answer(stream, "enough");
    endpoint.reset(stream, kNoError);
    endpoint.next(kGoaway);
  });
  Wire client = proxy(upstream).connect();
  client.send("POST /S/M HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  const std::string answer = client.read_response();

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("enough"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

TEST_F(GrpcFakeEndpoint, WhatIsNoHttpIs502) {
  const H2Fields bad_heads[] = {
      {{"x", "1"}},                                            // no status
      {{":status", "200"}, {":status", "200"}},                // two
      {{":status", "20"}},                                     //
      {{":status", "200"}, {":path", "/"}},                    // of requests
      {{":status", "200"}, {"X-Upper", "1"}},                  //
      {{":status", "200"}, {"x", "a\rb"}},                     //
      {{":status", "200"}, {"x", std::string("a\0b", 3)}},     //
      {{":status", "200"}, {"x", "1\r\nset-cookie: a=b"}},     //
      {{":status", "200"}, {"x y", "1"}},                      //
      {{":status", "200"}, {"", "1"}},                         //
      {{":status", "200"}, {"connection", "close"}},           //
      {{":status", "200"}, {"transfer-encoding", "chunked"}},  //
      {{":status", "200"}, {"content-length", "1x"}},          //
      {{":status", "101"}},                                    //
  };
  for (const H2Fields& head : bad_heads) {
    const std::string answer = ask([&](Wire& wire, int) {
      H2Endpoint endpoint(wire);
      endpoint.head(endpoint.request(), head);
      endpoint.next(kGoaway);
    });
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("X-Weir-Reason: upstream-invalid-header\r\n")))
        << head.back().first << ": " << head.back().second;
  }
}

TEST_F(GrpcFakeEndpoint, WhatIsNoHttp2Is502) {
  const std::string_view answers[] = {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
                                      std::string_view("\0\0\0\0\0\0\0\0\0", 9)};
  for (const std::string_view bytes : answers) {
    const std::string answer = ask([&](Wire& wire, int) {
      wire.send(bytes);
      wire.read_all();
    });
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("X-Weir-Reason: upstream-invalid-header\r\n")));
  }
}

TEST_F(GrpcFakeEndpoint, PushesAreRefused) {
  EXPECT_THAT(ask([](Wire& wire, int) {
                H2Endpoint endpoint(wire);
                const std::uint32_t stream = endpoint.request();
                endpoint.send(kPush, kEndHeaders, stream,
                              h2_number(2) + h2_fields({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}));
                endpoint.next(kGoaway);
              }),
              StartsWith("HTTP/1.1 502 "));
}

// --- budgets

TEST_F(GrpcFakeEndpoint, AHeadHasABound) {
  const std::string answer = ask([](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    std::string block = h2_fields({{":status", "200"}});
    for (int i = 0; i < 10; ++i) block += h2_fields({{"x-" + std::to_string(i), std::string(8000, 'x')}});
    endpoint.send(kHeaders, kNone, stream, block.substr(0, 16000));
    std::size_t at = 16000;
    for (; at + 16000 < block.size(); at += 16000) endpoint.send(9, kNone, stream, block.substr(at, 16000));
    endpoint.send(9, kEndHeaders, stream, block.substr(at));
    endpoint.next(kGoaway);
  });

  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("X-Weir-Reason: upstream-header-too-large\r\n")));
}

TEST_F(GrpcFakeEndpoint, FramesThatBringNothingEndTheConnection) {
  const std::string floods[] = {
      h2_frame(kPing, kNone, 0, "12345678"),
      h2_frame(kWindow, kNone, 0, h2_number(1)),
      h2_frame(kData, kNone, 1, ""),
  };
  for (const std::string& one : floods) {
    const std::string answer = ask([&](Wire& wire, int) {
      H2Endpoint endpoint(wire);
      const std::uint32_t stream = endpoint.request();
      if (one[3] == kData) endpoint.head(stream);
      // The budget grows by a hundred a second meanwhile: this is more than it can be for minutes.
      std::string many;
      for (int i = 0; i < 1000; ++i) many += one;
      for (int i = 0; i < 100 && wire.send(many); ++i) {
      }
      endpoint.answer(stream, "hello");
      endpoint.next(kGoaway);
    });
    EXPECT_THAT(answer, Not(HasSubstr("hello"))) << int{static_cast<unsigned char>(one[3])};
  }
}

TEST_F(GrpcFakeEndpoint, FramesThatBringSomethingAreNotCounted) {
  const std::string answer = ask([](Wire& wire, int) {
    H2Endpoint endpoint(wire);
    const std::uint32_t stream = endpoint.request();
    endpoint.head(stream);
    std::string many;
    for (int i = 0; i < 40'000; ++i) many += h2_frame(kData, kNone, stream, "x");
    wire.send(many);
    endpoint.data(stream, "hello", true);
    endpoint.next(kGoaway);
  });

  EXPECT_THAT(answer, HasSubstr("hello"));
}

TEST_F(GrpcFakeEndpoint, WindowsMayBeOpenedAtEachReadOfAFewBytes) {
  constexpr std::size_t kRead = 15;  // the head of a message and a short message, for stream and connection
  constexpr std::size_t kSize = 400'000;
  std::size_t got = 0;
  const std::string answer = ask(
      [&](Wire& wire, int) {
        H2Endpoint endpoint(wire);
        const std::uint32_t stream = endpoint.request(false);
        while (got < kSize) {
          const std::optional<H2Frame> frame = endpoint.next(kData);
          if (!frame) return;
          got += frame->payload.size();
          std::string updates;
          for (std::size_t left = frame->payload.size(); left > 0; left -= std::min(left, kRead)) {
            const std::string bytes = h2_number(static_cast<std::uint32_t>(std::min(left, kRead)));
            updates += h2_frame(kWindow, kNone, 0, bytes) + h2_frame(kWindow, kNone, stream, bytes);
          }
          wire.send(updates);
        }
        endpoint.answer(stream, "hello");
        endpoint.next(kGoaway);
      },
      "POST /S/M HTTP/1.1\r\nHost: a.example\r\nContent-Length: 400000\r\n\r\n" + pattern(kSize));

  EXPECT_THAT(answer, HasSubstr("hello"));
  EXPECT_EQ(got, kSize);
}

}  // namespace
}  // namespace weir::proxy::test
