#include "weir/observe/access_log.h"

#include "unit/observe/pipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace weir::observe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AccessLogEntry request(std::string_view uri) {
  AccessLogEntry entry;
  entry.request_uri = uri;
  entry.status = 200;
  return entry;
}

AccessLogSettings to(const test::TempFile& file) {
  AccessLogSettings settings;
  settings.path = file.path();
  settings.format = "$request_uri $status";
  return settings;
}

TEST(AccessLog, LinesAreVisibleAfterAFlush) {
  test::TempFile file;
  AccessLog log;
  ASSERT_THAT(log.configure(to(file)), ElementsAre());
  auto buffer = log.make_buffer();

  buffer->append(request("/a"));
  buffer->append(request("/b"));
  EXPECT_TRUE(buffer->has_lines());
  buffer->flush();
  log.drain(std::chrono::seconds(5));

  EXPECT_EQ(file.text(), "/a 200\n/b 200\n");
  EXPECT_FALSE(buffer->has_lines());
}

TEST(AccessLog, FullBufferIsHandedOverByItself) {
  test::TempFile file;
  AccessLog log;
  log.configure(to(file));
  auto buffer = log.make_buffer();
  const std::string uri(1000, 'u');

  for (int i = 0; i < 70; ++i) buffer->append(request(uri));
  log.drain(std::chrono::seconds(5));

  EXPECT_GE(file.text().size(), AccessLogBuffer::kSize);
}

TEST(AccessLog, BufferWritesItsRestAtItsEnd) {
  test::TempFile file;
  {
    AccessLog log;
    log.configure(to(file));
    log.make_buffer()->append(request("/last"));
  }

  EXPECT_EQ(file.text(), "/last 200\n");
}

TEST(AccessLog, SkipsUrlsExactlyAndByPattern) {
  test::TempFile file;
  AccessLog log;
  AccessLogSettings settings = to(file);
  settings.skip_urls = {"/health", "~^/static/", "~*\\.PNG$"};
  ASSERT_THAT(log.configure(settings), ElementsAre());
  auto buffer = log.make_buffer();

  for (const char* uri : {"/health", "/HEALTH", "/health?x", "/static/a", "/STATIC/a", "/a.png", "/b"}) {
    buffer->append(request(uri));
  }
  buffer->flush();
  log.drain(std::chrono::seconds(5));

  EXPECT_EQ(file.text(), "/health?x 200\n/STATIC/a 200\n/b 200\n");
}

TEST(AccessLog, SettingsChangeLiveAndKeepTheOrder) {
  test::TempFile file;
  AccessLog log;
  AccessLogSettings settings = to(file);
  log.configure(settings);
  auto buffer = log.make_buffer();

  buffer->append(request("/old"));
  settings.format = "new $request_uri";
  log.configure(settings);
  buffer->append(request("/a"));
  settings.enabled = false;
  log.configure(settings);
  buffer->append(request("/unseen"));
  buffer->flush();
  log.drain(std::chrono::seconds(5));

  EXPECT_EQ(file.text(), "/old 200\nnew /a\n");
}

TEST(AccessLog, BadValuesFallBackAndAreNamed) {
  test::TempFile file;
  AccessLog log;
  AccessLogSettings settings = to(file);
  settings.format = "$nosuch";
  settings.skip_urls = {"~["};

  EXPECT_THAT(
      log.configure(settings),
      ElementsAre(
          HasSubstr("log-format-upstream: log format: unknown variable \"$nosuch\"; the default layout is used"),
          HasSubstr("skip-access-log-urls: pattern \"~[\" does not compile")));
  auto buffer = log.make_buffer();
  buffer->append(request("/a"));
  buffer->flush();
  log.drain(std::chrono::seconds(5));
  EXPECT_THAT(file.text(), HasSubstr("\"-\" 200 0"));

  settings = to(file);
  settings.path = "/no/such/folder/x";
  EXPECT_THAT(log.configure(settings), ElementsAre(HasSubstr("the path before stays in use")));
}

TEST(AccessLog, WithoutAStreamLinesAreCounted) {
  AccessLog log;
  AccessLogSettings settings;
  settings.path = "/no/such/folder/x";
  EXPECT_THAT(log.configure(settings), ElementsAre(HasSubstr("no access log is written")));
  auto buffer = log.make_buffer();

  buffer->append(request("/a"));
  buffer->flush();

  EXPECT_EQ(log.dropped_lines(), 1u);
}

TEST(AccessLog, SeveralWorkersAndChangesAtTheSameTime) {
  test::TempFile file;
  AccessLog log;
  AccessLogSettings settings = to(file);
  log.configure(settings);
  std::vector<std::thread> workers;
  for (int w = 0; w < 3; ++w) {
    workers.emplace_back([&log] {
      auto buffer = log.make_buffer();
      for (int i = 0; i < 20'000; ++i) buffer->append(request("/some/target"));
    });
  }
  for (int i = 0; i < 50; ++i) {
    settings.skip_urls = {"/" + std::to_string(i)};
    log.configure(settings);
  }
  for (auto& worker : workers) worker.join();
  log.drain(std::chrono::seconds(5));

  const std::string text = file.text();
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(lines + log.dropped_lines(), 60'000u);
}

}  // namespace
}  // namespace weir::observe
