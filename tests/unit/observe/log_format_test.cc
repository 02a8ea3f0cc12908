#include "weir/observe/log_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <map>

namespace weir::observe {
namespace {

class Fields : public FieldList {
 public:
  Fields(std::initializer_list<View> fields) : fields_(fields) {}
  std::size_t size() const override { return fields_.size(); }
  View at(std::size_t i) const override { return fields_[i]; }

 private:
  std::vector<View> fields_;
};

AccessLogEntry sample() {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  AccessLogEntry entry;
  entry.remote_addr = "192.0.2.7";
  entry.request = "GET /a?b=c HTTP/1.1";
  entry.status = 200;
  entry.body_bytes_sent = 612;
  entry.referer = "https://example.com/";
  entry.user_agent = "curl/7.88.1";
  entry.request_length = 78;
  entry.request_time = 3'999;
  entry.upstream_name = "default-web-80";
  entry.request_id = "0123456789abcdef0123456789abcdef";
  entry.finished_at = 1136214245'123'456;  // 2006-01-02 15:04:05 UTC
  return entry;
}

std::string format(std::string_view text, const AccessLogEntry& entry, LogEscape escape = LogEscape::standard) {
  const auto compiled = LogFormat::compile(text, escape, "pod-1");
  if (!compiled) return "error: " + compiled.error().text();
  std::string out;
  compiled.value().append(entry, out);
  return out;
}

TEST(LogFormat, DefaultLayoutIsTheOriginalsToTheLetter) {
  AccessLogEntry entry = sample();
  const UpstreamTry tries[] = {
      {.address = "10.0.0.1:8080", .status = 200, .response_time = 2'500, .response_length = 612}};
  entry.tries = tries;

  EXPECT_EQ(
      format(kDefaultLogFormat, entry),
      "192.0.2.7 - - [02/Jan/2006:15:04:05 +0000] \"GET /a?b=c HTTP/1.1\" 200 612 \"https://example.com/\" "
      "\"curl/7.88.1\" 78 0.003 [default-web-80] [] 10.0.0.1:8080 612 0.002 200 0123456789abcdef0123456789abcdef");
}

TEST(LogFormat, EmptyValuesAreDashesButNotTheAlternativeName) {
  AccessLogEntry entry;
  entry.status = 400;
  entry.finished_at = 1136214245'000'000;
  ::setenv("TZ", "UTC", 1);
  ::tzset();

  EXPECT_EQ(format(kDefaultLogFormat, entry),
            "- - - [02/Jan/2006:15:04:05 +0000] \"-\" 400 0 \"-\" \"-\" 0 0.000 [-] [] - - - - -");
}

TEST(LogFormat, SeveralTriesAreCommaListsAndAnErrorPageAddsAColon) {
  AccessLogEntry entry = sample();
  const UpstreamTry tries[] = {
      {.address = "10.0.0.1:80", .status = 0, .response_time = -1},
      {.address = "10.0.0.2:80",
       .status = 503,
       .connect_time = 1'000,
       .header_time = 12'000,
       .response_time = 12'345,
       .response_length = 7},
      {.address = "10.0.0.9:80", .status = 200, .response_time = 1'234'567, .response_length = 99, .new_group = true}};
  entry.tries = tries;

  EXPECT_EQ(format("$upstream_addr|$upstream_status|$upstream_response_time|$upstream_response_length|"
                   "$upstream_connect_time|$upstream_header_time",
                   entry),
            "10.0.0.1:80, 10.0.0.2:80 : 10.0.0.9:80|-, 503 : 200|-, 0.012 : 1.234|0, 7 : 99|-, 0.001 : -|-, 0.012 : -");
}

TEST(LogFormat, StandardEscapeWritesQuotesBackslashesAndOtherBytesAsHex) {
  AccessLogEntry entry = sample();
  entry.user_agent = "a\"b\\c\x01\x7f\xc3\xa9";

  EXPECT_EQ(format("\"$http_user_agent\"", entry), "\"a\\x22b\\x5Cc\\x01\\x7F\\xC3\\xA9\"");
}

TEST(LogFormat, JsonEscapeKeepsUtf8AndLeavesEmptyValuesEmpty) {
  AccessLogEntry entry = sample();
  entry.user_agent = "a\"b\\c\n\x01\xc3\xa9";

  EXPECT_EQ(format(R"({"ua":"$http_user_agent","user":"$remote_user"})", entry, LogEscape::json),
            "{\"ua\":\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\",\"user\":\"\"}");
}

TEST(LogFormat, NoneEscapesNothing) {
  AccessLogEntry entry = sample();
  entry.user_agent = "a\"b";

  EXPECT_EQ(format("$http_user_agent", entry, LogEscape::none), "a\"b");
}

TEST(LogFormat, BracesAndLiteralTextAndFamilies) {
  AccessLogEntry entry = sample();
  const Fields request{
      {"Host", "a.example"}, {"X-Team", "red"}, {"x-team", "blue"}, {"Cookie", "k=1; session=abc; z=2"}};
  const Fields response{{"Content-Type", "text/html"}};
  entry.request_fields = &request;
  entry.response_fields = &response;
  entry.args = "b=c&Page=2";
  entry.request_uri = "/a?b=c&Page=2";

  EXPECT_EQ(format("${status}x $http_x_team $http_host $cookie_session $sent_http_content_type $arg_page $http_none "
                   "$request_uri$is_args 100%",
                   entry),
            "200x red, blue a.example abc text/html 2 - /a?b=c&Page=2? 100%");
}

TEST(LogFormat, ControllerVariables) {
  AccessLogEntry entry = sample();
  entry.ns = "default";
  entry.ingress = "web";
  entry.service = "web";
  entry.service_port = "80";
  entry.location_path = "/a";
  entry.tls = true;
  entry.server_port = 443;
  entry.reason = "no-endpoints";

  EXPECT_EQ(format("$namespace/$ingress_name/$service_name:$service_port $location_path $scheme $https $server_port "
                   "$server_name $weir_reason $hostname $time_iso8601 $msec",
                   entry),
            "default/web/web:80 /a https on 443 _ no-endpoints pod-1 2006-01-02T15:04:05+00:00 1136214245.123");
}

TEST(LogFormat, AddressesInBinaryAreEscapedLikeAnyBytes) {
  AccessLogEntry entry = sample();
  entry.remote_addr = "10.200.0.7";
  EXPECT_EQ(format("$binary_remote_addr", entry), "\\x0A\\xC8\\x00\\x07");
  entry.remote_addr = "2001:db8::41";
  EXPECT_EQ(
      format("$binary_remote_addr", entry), " \\x01\\x0D\\xB8" + [] {
        std::string zeros;
        for (int i = 0; i < 11; ++i) zeros += "\\x00";
        return zeros;
      }() + "A");
}

TEST(LogFormat, TheUriEscapedForAnotherOne) {
  AccessLogEntry entry = sample();
  entry.request_uri = "/a b?c=%20";

  EXPECT_EQ(format("$escaped_request_uri", entry), "%2Fa%20b%3Fc%3D%2520");
}

TEST(LogFormat, KnowsWhetherFieldsOfTheResponseAreAskedFor) {
  EXPECT_TRUE(LogFormat::compile("$sent_http_location", LogEscape::standard).value().wants_sent_fields());
  EXPECT_FALSE(LogFormat::compile("$http_location $upstream_http_x", LogEscape::standard).value().wants_sent_fields());
}

TEST(LogFormat, UnknownVariableNamesTheNearest) {
  EXPECT_EQ(format("$remote_adr", {}),
            "error: log format: unknown variable \"$remote_adr\", did you mean \"$remote_addr\"?");
  EXPECT_EQ(format("$nosuchthing", {}), "error: log format: unknown variable \"$nosuchthing\"");
  EXPECT_EQ(format("a ${status", {}), "error: log format: \"${\" without \"}\"");
  EXPECT_EQ(format("5 $", {}), "error: log format: \"$\" without a variable name");
}

// Long texts are looked at in pieces: each byte, at each place of a piece.
TEST(LogFormat, EscapesABadByteWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool bad = byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\';
    for (const std::size_t size : {1u, 7u, 8u, 15u, 16u, 17u, 33u, 48u}) {
      for (std::size_t at = 0; at < size; ++at) {
        AccessLogEntry entry;
        std::string agent(size, 'a');
        agent[at] = c;
        entry.user_agent = agent;
        const std::string written = format("$http_user_agent", entry);
        EXPECT_EQ(written == agent, !bad) << byte << " at " << at << " of " << size;
      }
    }
  }
}

TEST(LogFormat, OnlyVariablesBeyondTheDefaultLayoutWantDetails) {
  const auto wants = [](std::string_view text) {
    return LogFormat::compile(text, LogEscape::standard)->wants_details();
  };
  EXPECT_FALSE(wants(kDefaultLogFormat));
  EXPECT_FALSE(wants("$status ${req_id} text"));
  EXPECT_TRUE(wants("$status $request_uri"));
  EXPECT_TRUE(wants("$http_x_id"));
  EXPECT_TRUE(wants("$uri"));
}

TEST(LogFormat, ALiteralMayBeLongAndStandAlone) {
  const std::string literal(200'000, 'x');
  EXPECT_EQ(format(literal, sample()), literal);
  EXPECT_EQ(format(literal + "${status}" + literal, sample()), literal + "200" + literal);
  EXPECT_EQ(format("", sample()), "");
}

AccessLogEntry session() {
  AccessLogEntry entry = sample();
  entry.protocol = "TCP";
  entry.request = {};
  entry.bytes_sent = 11;
  entry.request_length = 22;
  entry.server_port = 5432;
  entry.connection = 7;
  return entry;
}

std::string stream_format(std::string_view text, const AccessLogEntry& entry) {
  const auto compiled = LogFormat::compile(text, LogEscape::standard, "pod-1", LogKind::stream);
  if (!compiled) return "error: " + compiled.error().text();
  std::string out;
  compiled.value().append(entry, out);
  return out;
}

TEST(StreamLogFormat, DefaultLayoutIsTheOriginalsToTheLetter) {
  EXPECT_EQ(stream_format(kDefaultStreamFormat, session()),
            "[192.0.2.7] [02/Jan/2006:15:04:05 +0000] TCP 200 11 22 0.003");
}

TEST(StreamLogFormat, ASessionHasVariablesOfItsOwn) {
  AccessLogEntry entry = session();
  const UpstreamTry tries[] = {{.address = "10.0.0.1:1"},
                               {.address = "10.0.0.2:2",
                                .connect_time = 1'000,
                                .header_time = 2'000,
                                .response_time = 3'000,
                                .bytes_sent = 4,
                                .bytes_received = 5}};
  entry.tries = tries;

  EXPECT_EQ(stream_format("$server_port $connection $upstream_addr $upstream_connect_time $upstream_first_byte_time "
                          "$upstream_session_time $upstream_bytes_sent $upstream_bytes_received $hostname",
                          entry),
            "5432 7 10.0.0.1:1, 10.0.0.2:2 -, 0.001 -, 0.002 -, 0.003 0, 4 0, 5 pod-1");
}

TEST(StreamLogFormat, VariablesOfRequestsAreUnknownThere) {
  EXPECT_EQ(stream_format("$request", session()), "error: log format: unknown variable \"$request\"");
  EXPECT_EQ(stream_format("$bytes_recieved", session()),
            "error: log format: unknown variable \"$bytes_recieved\", did you mean \"$bytes_received\"?");
  EXPECT_THAT(format("$bytes_received", sample()), ::testing::StartsWith("error: "));
}

}  // namespace
}  // namespace weir::observe
