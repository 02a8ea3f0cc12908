// ApiClient against a fake API server: connections, credentials, trust, answers that are cut.
#include "weir/watch/api_client.h"

#include "unit/tls/make_certificate.h"
#include "unit/watch/temp_folder.h"
#include "watch/fake_api_server.h"

#include <boost/asio/co_spawn.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace weir::watch {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;

asio::awaitable<void> say_ok(FakeExchange& e) {
  std::string body = "{}";
  co_await e.answer(200, std::move(body), {});
}

class ApiClientWithAFakeServer : public testing::Test {
 protected:
  static ApiConfig plain(const FakeApiServer& fake) {
    ApiConfig config;
    config.tls = false;
    config.host = "127.0.0.1";
    config.port = static_cast<std::uint16_t>(fake.port());
    return config;
  }
  void TearDown() override {
    client.reset();
    server.reset();
    context.restart();
    context.run_for(20ms);
  }
  base::Result<ApiAnswer> ask(ApiRequest request) {
    std::optional<base::Result<ApiAnswer>> result;
    client->call()(std::move(request), [&](base::Result<ApiAnswer> answer) { result = std::move(answer); });
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!result && std::chrono::steady_clock::now() < deadline) {
      context.restart();
      context.run_one_for(10ms);
    }
    if (!result) return base::fail("no answer at all");
    return std::move(*result);
  }
  base::Result<ApiAnswer> get(const std::string& path) { return ask({"GET", path, "", ""}); }

  asio::io_context context;
  std::unique_ptr<FakeApiServer> server;
  std::unique_ptr<ApiClient> client;
};

TEST_F(ApiClientWithAFakeServer, RequestsFollowEachOtherOnOneConnection) {
  server = std::make_unique<FakeApiServer>(context, say_ok);
  client = std::make_unique<ApiClient>(context, plain(*server));

  EXPECT_EQ(get("/a")->status, 200);
  EXPECT_EQ(ask({"PUT", "/b", "", "{\"x\":1}"})->body, "{}");

  EXPECT_EQ(server->connections, 1u);
  EXPECT_EQ(server->requests.at(1).method, "PUT");
  EXPECT_EQ(server->requests.at(1).body, "{\"x\":1}");
  EXPECT_EQ(server->requests.at(1).headers.at("content-type"), "application/json");
  EXPECT_EQ(server->requests.at(1).headers.at("host"), "127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(ApiClientWithAFakeServer, AKeptConnectionThatWasClosedIsReplaced) {
  server = std::make_unique<FakeApiServer>(context, [](FakeExchange& e) -> asio::awaitable<void> {
    co_await say_ok(e);
    e.cut();
  });
  client = std::make_unique<ApiClient>(context, plain(*server));

  EXPECT_EQ(get("/a")->status, 200);
  context.restart();
  context.run_for(20ms);  // it is closed
  EXPECT_EQ(ask({"POST", "/b", "", "{}"})->status, 200);

  EXPECT_EQ(server->connections, 2u);
  EXPECT_EQ(server->requests.size(), 2u);
}

TEST_F(ApiClientWithAFakeServer, AnHttpErrorIsAnAnswerWithItsRetryAfter) {
  server = std::make_unique<FakeApiServer>(context, [](FakeExchange& e) -> asio::awaitable<void> {
    std::string body = status_body(429, "TooManyRequests");
    std::string headers = "Retry-After: 7\r\n";
    co_await e.answer(429, std::move(body), std::move(headers));
  });
  client = std::make_unique<ApiClient>(context, plain(*server));

  const auto answer = get("/a");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->retry_after, 7s);
  EXPECT_EQ(read_api_status(answer->body).reason, "TooManyRequests");
}

TEST_F(ApiClientWithAFakeServer, AChunkedAnswerMayComeInAnyPieces) {
  server = std::make_unique<FakeApiServer>(context, [](FakeExchange& e) -> asio::awaitable<void> {
    for (const char c : std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n")) {
      std::string piece(1, c);
      co_await e.raw(std::move(piece));
    }
  });
  client = std::make_unique<ApiClient>(context, plain(*server));

  EXPECT_EQ(get("/a")->body, "abcd");
  EXPECT_EQ(get("/b")->body, "abcd");
  EXPECT_EQ(server->connections, 1u);
}

TEST_F(ApiClientWithAFakeServer, AnAnswerThatIsCutOrNoHttpIsAnError) {
  for (const std::string& bytes : {std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
                                   std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
                                   std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
                                   std::string("SSH-2.0-OpenSSH\r\n"), std::string("HTTP/1.1 2"), std::string()}) {
    server = std::make_unique<FakeApiServer>(context, [bytes](FakeExchange& e) -> asio::awaitable<void> {
      std::string text = bytes;
      co_await e.raw(std::move(text));
      e.cut();
    });
    client = std::make_unique<ApiClient>(context, plain(*server));

    const auto answer = get("/a");

    ASSERT_FALSE(answer) << bytes;
    EXPECT_THAT(answer.error().text(), HasSubstr("API server"));
    client.reset();
  }
}

TEST_F(ApiClientWithAFakeServer, AnAnswerThatDoesNotComeIsGivenUp) {
  server =
      std::make_unique<FakeApiServer>(context, [](FakeExchange& e) -> asio::awaitable<void> { co_await e.pause(60s); });
  ApiClientOptions options;
  options.request_limit = 100ms;
  client = std::make_unique<ApiClient>(context, plain(*server), options);

  const auto answer = get("/a");

  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text(), HasSubstr("timed out"));
}

TEST_F(ApiClientWithAFakeServer, ARefusedTokenIsReadAgainOnceAndTheRequestRepeated) {
  const TempFolder folder;
  folder.write("token", "old\n");
  server = std::make_unique<FakeApiServer>(context, [&folder](FakeExchange& e) -> asio::awaitable<void> {
    const bool good = e.request.headers.at("authorization") == "Bearer new";
    folder.write("token", "new");
    std::string body = good ? "{}" : status_body(401, "Unauthorized");
    co_await e.answer(good ? 200 : 401, std::move(body), {});
  });
  ApiConfig config = plain(*server);
  config.token_file = folder / "token";
  client = std::make_unique<ApiClient>(context, config);

  EXPECT_EQ(get("/a")->status, 200);

  EXPECT_EQ(server->requests.size(), 2u);
}

TEST_F(ApiClientWithAFakeServer, ATokenThatStaysRefusedIsAskedForOnlyOncePerRequest) {
  const TempFolder folder;
  folder.write("token", "old");
  server = std::make_unique<FakeApiServer>(context, [](FakeExchange& e) -> asio::awaitable<void> {
    std::string body = status_body(401, "Unauthorized");
    co_await e.answer(401, std::move(body), {});
  });
  ApiConfig config = plain(*server);
  config.token_file = folder / "token";
  client = std::make_unique<ApiClient>(context, config);

  EXPECT_EQ(get("/a")->status, 401);

  EXPECT_EQ(server->requests.size(), 2u);
}

TEST_F(ApiClientWithAFakeServer, ATokenFileIsReadAgainAndTheOldTokenStaysWhenThatFails) {
  const TempFolder folder;
  folder.write("token", "first");
  server = std::make_unique<FakeApiServer>(context, say_ok);
  ApiConfig config = plain(*server);
  config.token_file = folder / "token";
  ApiClientOptions options;
  options.token_interval = 0ms;
  client = std::make_unique<ApiClient>(context, config, options);

  (void)get("/a");  // only what the server saw counts
  folder.write("token", "second");
  (void)get("/b");
  std::filesystem::remove(folder / "token");
  (void)get("/c");
  folder.write("token", "two words");
  (void)get("/d");

  EXPECT_EQ(server->requests.at(0).headers.at("authorization"), "Bearer first");
  EXPECT_EQ(server->requests.at(1).headers.at("authorization"), "Bearer second");
  EXPECT_EQ(server->requests.at(2).headers.at("authorization"), "Bearer second");
  EXPECT_EQ(server->requests.at(3).headers.at("authorization"), "Bearer second");
}

TEST_F(ApiClientWithAFakeServer, ACredentialPluginGivesTheToken) {
  const TempFolder folder;
  folder.write("plugin", R"(#!/bin/sh
echo run >> "$(dirname "$0")/runs"
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s-%s"}}' "$WHO" "$1"
)");
  std::filesystem::permissions(folder / "plugin", std::filesystem::perms::owner_all);
  server = std::make_unique<FakeApiServer>(context, say_ok);
  ApiConfig config = plain(*server);
  config.exec = ExecPlugin{"client.authentication.k8s.io/v1", folder / "plugin", {"arg"}, {{"WHO", "me"}}, false, ""};
  client = std::make_unique<ApiClient>(context, config);

  EXPECT_EQ(get("/a")->status, 200);
  EXPECT_EQ(get("/b")->status, 200);

  EXPECT_EQ(server->requests.at(1).headers.at("authorization"), "Bearer me-arg");
  EXPECT_EQ(std::filesystem::file_size(folder / "runs"), 4u) << "asked once";
}

TEST_F(ApiClientWithAFakeServer, ACredentialPluginThatFailsIsAnErrorThatNamesIt) {
  server = std::make_unique<FakeApiServer>(context, say_ok);
  ApiConfig config = plain(*server);
  config.exec = ExecPlugin{"client.authentication.k8s.io/v1", "false", {}, {}, false, ""};
  client = std::make_unique<ApiClient>(context, config);
  const auto failed = get("/a");
  config.exec->command = "weir-no-such-plugin";
  config.exec->install_hint = "install it";
  client = std::make_unique<ApiClient>(context, config);
  const auto missing = get("/a");

  EXPECT_THAT(failed.error().text(), HasSubstr("plugin false ended with status 1"));
  EXPECT_THAT(missing.error().text(), HasSubstr("install it"));
  EXPECT_TRUE(server->requests.empty());
}

TEST_F(ApiClientWithAFakeServer, TheServersCertificateIsVerified) {
  const auto good = test::certificate_for({"localhost"});
  const auto other = test::certificate_for({"localhost"});
  server = std::make_unique<FakeApiServer>(context, say_ok, good.certificate, good.key);
  ApiConfig config = plain(*server);
  config.tls = true;
  config.server_name = "localhost";
  config.ca_pem = good.certificate;

  client = std::make_unique<ApiClient>(context, config);
  EXPECT_EQ(get("/a")->status, 200);

  config.ca_pem = other.certificate;
  client = std::make_unique<ApiClient>(context, config);
  EXPECT_THAT(get("/a").error().text(), HasSubstr("not trusted"));

  config.ca_pem = good.certificate;
  config.server_name = "elsewhere.example";
  client = std::make_unique<ApiClient>(context, config);
  EXPECT_THAT(get("/a").error().text(), HasSubstr("other names than elsewhere.example"));

  config.server_name = "";  // the address is not among the names
  client = std::make_unique<ApiClient>(context, config);
  EXPECT_FALSE(get("/a"));

  config.ca_pem = "no certificate";
  client = std::make_unique<ApiClient>(context, config);
  EXPECT_FALSE(get("/a"));
  EXPECT_EQ(server->requests.size(), 1u);
}

TEST_F(ApiClientWithAFakeServer, NewConnectionsTrustWhatTheCaFileSaysByThen) {
  const TempFolder folder;
  const auto good = test::certificate_for({"localhost"});
  folder.write("ca.crt", test::certificate_for({"localhost"}).certificate);
  server = std::make_unique<FakeApiServer>(context, say_ok, good.certificate, good.key);
  ApiConfig config = plain(*server);
  config.tls = true;
  config.server_name = "localhost";
  config.ca_file = folder / "ca.crt";
  client = std::make_unique<ApiClient>(context, config);

  EXPECT_FALSE(get("/a"));
  folder.write("ca.crt", good.certificate);

  EXPECT_EQ(get("/a")->status, 200);
}

TEST_F(ApiClientWithAFakeServer, WhatIsInFlightFailsWhenTheClientIsDestroyed) {
  server =
      std::make_unique<FakeApiServer>(context, [](FakeExchange& e) -> asio::awaitable<void> { co_await e.pause(60s); });
  client = std::make_unique<ApiClient>(context, plain(*server));
  const ApiCall call = client->call();
  int failed = 0;
  const auto count = [&](const base::Result<ApiAnswer>& answer) { failed += answer ? 0 : 1; };
  call({"GET", "/a", "", ""}, count);
  context.run_for(50ms);
  EXPECT_EQ(failed, 0);

  client.reset();
  call({"GET", "/b", "", ""}, count);
  context.restart();
  context.run_for(50ms);

  EXPECT_EQ(failed, 2);
}

}  // namespace
}  // namespace weir::watch
