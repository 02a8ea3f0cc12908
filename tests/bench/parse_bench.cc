// Heads: parsing, path normalisation, writing. Boost.Beast's parser stands beside as the yardstick; compare only
// numbers of one run. Capacities are warm, as they are for the second request of a worker.
#undef BOOST_BEAST_SEPARATE_COMPILATION

#include "weir/http/h1_parser.h"
#include "weir/http/h1_writer.h"
#include "weir/http/normalize.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <string>

namespace {

using namespace weir::http;

// Six fields, 300 bytes: what a browser or a service mesh sends at least.
const std::string& small_request() {
  static const std::string text =
      "GET /api/1k HTTP/1.1\r\nHost: app.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "
      "AppleWebKit/537.36\r\n"
      "Accept: text/html,application/json;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
      "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n";
  return text;
}

// Fifteen fields, 1 KiB, with a token.
const std::string& large_request() {
  static const std::string text =
      small_request().substr(0, small_request().size() - 2) +
      "Accept-Encoding: gzip, deflate, br\r\nReferer: https://app.example.com/some/page/with/a/longer/path?query=1\r\n"
      "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n"
      "Upgrade-Insecure-Requests: 1\r\nCache-Control: max-age=0\r\nAuthorization: Bearer " +
      std::string(400, 'a') + "\r\nX-Custom: 1\r\n\r\n";
  return text;
}

void parse(benchmark::State& state, const std::string& text) {
  RequestHead head;
  const H1Limits limits;
  for (auto _ : state) {
    const ParseResult result = parse_request_head(text, limits, head);
    if (result.status != ParseStatus::done) state.SkipWithError("refused");
    benchmark::DoNotOptimize(head.host.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void parse_with_beast(benchmark::State& state, const std::string& text) {
  namespace beast_http = boost::beast::http;
  for (auto _ : state) {
    beast_http::request_parser<beast_http::empty_body> parser;
    boost::system::error_code error;
    benchmark::DoNotOptimize(parser.put(boost::asio::buffer(text), error));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void ParseSmallRequest(benchmark::State& state) {
  parse(state, small_request());
}
void ParseLargeRequest(benchmark::State& state) {
  parse(state, large_request());
}
void BeastSmallRequest(benchmark::State& state) {
  parse_with_beast(state, small_request());
}
void BeastLargeRequest(benchmark::State& state) {
  parse_with_beast(state, large_request());
}
BENCHMARK(ParseSmallRequest);
BENCHMARK(ParseLargeRequest);
BENCHMARK(BeastSmallRequest);
BENCHMARK(BeastLargeRequest);

void ParseResponse(benchmark::State& state) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nServer: b\r\nDate: Mon, 23 Nov 2026 01:51:27 GMT\r\nContent-Type: text/plain\r\n"
      "Content-Length: 1024\r\nCache-Control: no-cache\r\n\r\n";
  ResponseHead head;
  const H1Limits limits;
  for (auto _ : state) {
    const ParseResult result = parse_response_head(text, limits, head);
    if (result.status != ParseStatus::done) state.SkipWithError("refused");
    benchmark::DoNotOptimize(head.status);
  }
}
BENCHMARK(ParseResponse);

void WriteRequestHead(benchmark::State& state) {
  RequestHead head;
  if (parse_request_head(small_request(), {}, head).status != ParseStatus::done) state.SkipWithError("refused");
  RequestIds ids(1, 2);
  std::array<char, 4096> buffer{};
  for (auto _ : state) {
    std::array<char, 32> id{};
    ids.write(id.data());
    HeadWriter out(buffer.data(), buffer.size());
    out.request_line(head.method_text(), head.target());
    out.field("Host", head.authority);
    out.field("X-Request-ID", std::string_view(id.data(), id.size()));
    out.field("X-Real-IP", "10.0.0.1");
    out.field("X-Forwarded-For", "10.0.0.1");
    out.field("X-Forwarded-Host", head.authority);
    out.field("X-Forwarded-Port", 443u);
    out.field("X-Forwarded-Proto", "https");
    out.field("X-Forwarded-Scheme", "https");
    out.field("X-Scheme", "https");
    out.fields(head.fields, field_bit(FieldId::host) | field_bit(FieldId::content_length));
    out.finish();
    benchmark::DoNotOptimize(out.ok());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(WriteRequestHead);

void NormalizePlainPath(benchmark::State& state) {
  std::string path;
  for (auto _ : state) benchmark::DoNotOptimize(normalize_path("/api/v1/some/longer/path/1k?x=1", path));
}
void NormalizeEncodedPath(benchmark::State& state) {
  std::string path;
  for (auto _ : state) benchmark::DoNotOptimize(normalize_path("/api//v1/./some/%6conger/../path/1k?x=1", path));
}
BENCHMARK(NormalizePlainPath);
BENCHMARK(NormalizeEncodedPath);

void RequestId(benchmark::State& state) {
  RequestIds ids(1, 2);
  std::array<char, 32> id{};
  for (auto _ : state) {
    ids.write(id.data());
    benchmark::DoNotOptimize(id.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(RequestId);

}  // namespace
