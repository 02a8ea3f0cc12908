#include "weir/observe/log.h"

#include "unit/observe/pipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// What the log wrote between start and stop.
std::string logged(LogOptions options, const std::function<void()>& action) {
  test::Pipe pipe;
  options.fd = pipe.write_end();
  start_log(options);
  action();
  stop_log();
  pipe.close_write();
  return pipe.read(1 << 20);
}

TEST(Log, TextLineHasKlogsLayout) {
  const std::string text = logged({}, [] { log::info("proxy", "listening on {}:{}", "::", 8080); });

  EXPECT_THAT(text,
              MatchesRegex("I[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6} +[0-9]+ proxy\\] listening on :::8080\n"));
}

TEST(Log, JsonLineEscapesItsText) {
  const std::string text =
      logged({.level = LogLevel::info, .style = LogStyle::json}, [] { log::warn("watch", "file \"{}\"", "a\\b"); });

  EXPECT_THAT(text, HasSubstr("\"level\":\"warn\",\"module\":\"watch\",\"msg\":\"file \\\"a\\\\b\\\"\"}\n"));
  EXPECT_EQ(text.find("{\"time\":\"2"), 0u);
}

TEST(Log, DisabledLevelWritesNothing) {
  const std::string text = logged({.level = LogLevel::warn}, [] {
    log::info("a", "quiet");
    log::debug("a", "quieter");
    log::warn("a", "loud");
  });

  EXPECT_EQ(text.find("quiet"), std::string::npos);
  EXPECT_THAT(text, HasSubstr("loud"));
}

TEST(Log, OneEventIsOneLineWhateverItHolds) {
  const std::string text = logged({}, [] { log::error("watch", "bad value {}", "x\nE0101 forged\r\x01"); });

  EXPECT_THAT(text, HasSubstr("bad value x\\nE0101 forged\\r\\x01\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Log, ClosedStreamIsCountedAndNotFatal) {
  const std::uint64_t before = log_lines_dropped();
  {
    test::Pipe pipe;
    start_log({.fd = pipe.write_end()});
    pipe.close_read();
    log::info("a", "lost");
    stop_log();
  }

  EXPECT_EQ(log_lines_dropped(), before + 1);
}

}  // namespace
}  // namespace weir::observe
