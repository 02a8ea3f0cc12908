#include "weir/observe/stream_writer.h"

#include "unit/observe/pipe.h"

#include <gtest/gtest.h>

namespace weir::observe {
namespace {

Chunk lines(std::size_t count, char letter = 'x') {
  Chunk chunk;
  for (std::size_t i = 0; i < count; ++i) chunk.text.append(99, letter).append("\n");
  chunk.lines = static_cast<std::uint32_t>(count);
  return chunk;
}

TEST(StreamWriter, WritesWhatIsSubmittedInOrder) {
  test::Pipe pipe;
  auto writer = StreamWriter::to_fd(pipe.write_end(), 1 << 20);

  writer->submit({"first\n", 1});
  writer->submit({"second\n", 1});

  EXPECT_EQ(pipe.read(13), "first\nsecond\n");
  EXPECT_EQ(writer->dropped_lines(), 0u);
}

TEST(StreamWriter, WritesChunksLargerThanThePipe) {
  test::Pipe pipe;
  auto writer = StreamWriter::to_fd(pipe.write_end(), 1 << 22);
  const Chunk big = lines(5000);

  writer->submit(big);

  EXPECT_EQ(pipe.read(big.text.size()), big.text);
}

TEST(StreamWriter, StuckStreamCostsLinesAndNobodyWaits) {
  test::Pipe pipe;
  std::uint64_t dropped = 0;
  {
    // 10 MB into a pipe that nobody reads: whoever waited for it, here or in the destructor, would wait for ever.
    auto writer = StreamWriter::to_fd(pipe.write_end(), 1 << 20);
    for (int i = 0; i < 100; ++i) writer->submit(lines(1000));
    dropped = writer->dropped_lines();
  }

  EXPECT_GT(dropped, 80'000u);
  EXPECT_LT(dropped, 100'000u);
}

TEST(StreamWriter, ClosedStreamCostsLinesOnly) {
  test::Pipe pipe;
  auto writer = StreamWriter::to_fd(pipe.write_end(), 1 << 20);
  pipe.close_read();

  writer->submit(lines(3));
  writer->submit(lines(4));
  writer->drain(std::chrono::seconds(2));

  EXPECT_EQ(writer->dropped_lines(), 7u);
}

TEST(StreamWriter, DoesNotMakeTheInheritedDescriptionNonBlocking) {
  test::Pipe pipe;
  auto writer = StreamWriter::to_fd(pipe.write_end(), 1 << 20);

  EXPECT_EQ(::fcntl(pipe.write_end(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(StreamWriter, AppendsToAFile) {
  test::TempFile file;
  for (const char* text : {"one\n", "two\n"}) {
    auto writer = StreamWriter::to_path(file.path(), 1 << 20);
    ASSERT_TRUE(writer);
    writer.value()->submit({text, 1});
  }

  EXPECT_EQ(file.text(), "one\ntwo\n");
}

TEST(StreamWriter, OpensItsFileAgain) {
  test::TempFile file;
  const std::string old = file.path() + ".1";
  auto writer = StreamWriter::to_path(file.path(), 1 << 20);
  ASSERT_TRUE(writer);
  writer.value()->submit({"one\n", 1});
  writer.value()->drain(std::chrono::seconds(10));
  ASSERT_EQ(::rename(file.path().c_str(), old.c_str()), 0);

  ASSERT_TRUE(writer.value()->reopen());
  writer.value()->submit({"two\n", 1});
  writer.value()->drain(std::chrono::seconds(10));

  EXPECT_EQ(file.text(), "two\n");
  ASSERT_EQ(::unlink(old.c_str()), 0);
}

TEST(StreamWriter, KeepsTheFileThatItHasWhereItCannotBeOpenedAgain) {
  test::TempFile file;
  auto writer = StreamWriter::to_path(file.path(), 1 << 20);
  ASSERT_TRUE(writer);
  const std::string old = file.path() + ".1";
  ASSERT_EQ(::rename(file.path().c_str(), old.c_str()), 0);
  ASSERT_EQ(::mkdir(file.path().c_str(), 0700), 0);

  EXPECT_FALSE(writer.value()->reopen());

  ASSERT_EQ(::rmdir(file.path().c_str()), 0);
  ASSERT_EQ(::rename(old.c_str(), file.path().c_str()), 0);
  writer.value()->submit({"one\n", 1});
  writer.value()->drain(std::chrono::seconds(10));
  EXPECT_EQ(file.text(), "one\n");
}

TEST(StreamWriter, PathThatDoesNotOpenIsAnErrorThatNamesIt) {
  const auto writer = StreamWriter::to_path("/no/such/folder/access.log", 1 << 20);

  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().text(), "open /no/such/folder/access.log for appending: No such file or directory");
}

}  // namespace
}  // namespace weir::observe
