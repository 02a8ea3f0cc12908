// Budgets of one HTTP/2 connection.
#include "proxy/http2_guard.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proxy {
namespace {

constexpr char kData = 0, kHeaders = 1, kPriority = 2, kSettings = 4, kPing = 6, kUpdate = 8, kContinuation = 9;
constexpr char kEndStream = 1, kEndHeaders = 4, kPadded = 8;

std::string frame(char type, char flags, std::uint32_t stream, std::size_t size) {
  std::string out{static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size), type, flags};
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(stream >> shift);
  return out + std::string(size, 'x');
}

struct Guarded {
  Http2Guard guard;

  Guarded() { guard.read(std::string(24, 'p'), 0); }
  bool read(const std::string& bytes, std::uint64_t now_ms = 1000) { return guard.read(bytes, now_ms); }
  // How many of the same pass, up to 10,000.
  int count(const std::string& bytes) {
    int passed = 0;
    while (passed < 10'000 && read(bytes)) ++passed;
    return passed;
  }
};

TEST(Http2Guard, ControlFramesHaveABurstAndARate) {
  Guarded one;
  EXPECT_EQ(one.count(frame(kSettings, 0, 0, 0)), static_cast<int>(Http2Guard::kControlBurst));
  EXPECT_EQ(one.guard.reason(), "http2-control-flood");
  EXPECT_EQ(one.guard.error(), 11U);
  EXPECT_FALSE(one.read(frame(kHeaders, kEndHeaders, 1, 1), 100'000)) << "what is used up stays so";

  Guarded slow;
  for (std::uint64_t second = 1; second < 100; ++second) {
    for (std::uint64_t i = 0; i < Http2Guard::kControlsPerSecond; ++i) {
      ASSERT_TRUE(slow.read(frame(kSettings, 0, 0, 0), second * 1000)) << second;
    }
  }
}

TEST(Http2Guard, ABrowserMayRankEveryRequestOfALargePage) {
  constexpr char kPriorityUpdate = 16;
  Guarded one;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const std::uint32_t stream = 2 * i + 1;
    ASSERT_TRUE(one.read(frame(kHeaders, kEndHeaders | kEndStream, stream, 30) + frame(kPriority, 0, stream, 5) +
                         frame(kPriorityUpdate, 0, 0, 9) + frame(kUpdate, 0, stream, 4)))
        << i;
  }
}

TEST(Http2Guard, EmptyDataIsControlAndDataIsNot) {
  EXPECT_EQ(Guarded().count(frame(kData, 0, 1, 0)), static_cast<int>(Http2Guard::kControlBurst));
  EXPECT_EQ(Guarded().count(frame(kData, kPadded, 1, 200)), static_cast<int>(Http2Guard::kControlBurst));
  EXPECT_EQ(Guarded().count(frame(kData, 0, 1, 1)), 10'000);
  EXPECT_EQ(Guarded().count(frame(kData, kEndStream, 1, 0)), 10'000);
}

TEST(Http2Guard, WhatWasSentMayBeFollowedByUpdatesAndAPing) {
  Guarded one;
  for (int i = 0; i < 10'000; ++i) {
    one.guard.count_data_sent();
    ASSERT_TRUE(one.read(frame(kUpdate, 0, 0, 4) + frame(kUpdate, 0, 1, 4) + frame(kPing, 0, 0, 8))) << i;
  }
  EXPECT_LE(one.count(frame(kUpdate, 0, 0, 4)), static_cast<int>(Http2Guard::kControlBurst) + 10);
}

TEST(Http2Guard, AHeaderBlockComesInFewPiecesAndIsNotLarge) {
  Guarded pieces;
  EXPECT_TRUE(pieces.read(frame(kHeaders, 0, 1, 10)));
  EXPECT_EQ(pieces.count(frame(kContinuation, 0, 1, 10)), static_cast<int>(Http2Guard::kMostContinuations));
  EXPECT_EQ(pieces.guard.reason(), "http2-continuation-flood");

  Guarded large;
  EXPECT_TRUE(large.read(frame(kHeaders, 0, 1, 16384)));
  EXPECT_LE(large.count(frame(kContinuation, 0, 1, 16384)), 3);
  EXPECT_EQ(large.guard.reason(), "http2-header-block");
}

TEST(Http2Guard, TellsSinceWhenABlockIsIncomplete) {
  Guarded one;
  EXPECT_EQ(one.guard.block_since_ms(), 0U);
  one.read(frame(kHeaders, 0, 1, 10), 5000);
  one.read(frame(kContinuation, 0, 1, 10), 6000);
  EXPECT_EQ(one.guard.block_since_ms(), 5000U);
  one.read(frame(kContinuation, kEndHeaders, 1, 10), 7000);
  EXPECT_EQ(one.guard.block_since_ms(), 0U);
  const std::string whole = frame(kHeaders, kEndHeaders, 3, 10);
  one.read(whole.substr(0, 15), 8000);
  EXPECT_EQ(one.guard.block_since_ms(), 8000U);
  one.read(whole.substr(15), 9000);
  EXPECT_EQ(one.guard.block_since_ms(), 0U);
}

TEST(Http2Guard, CutsOfTheBytesDoNotMatter) {
  std::string bytes;
  for (std::uint32_t i = 0; i < 20; ++i) {
    bytes += frame(kHeaders, kEndHeaders, 2 * i + 1, i) + frame(kData, kEndStream, 2 * i + 1, 3 * i);
  }
  for (int i = 0; i < 150; ++i) bytes += frame(kSettings, 0, 0, 6);
  bytes += frame(kHeaders, kEndHeaders, 5, 10) + frame(kHeaders, kEndHeaders, 101, 1) + frame(kHeaders, 0, 99, 1);
  for (const std::size_t step : {bytes.size(), std::size_t{1}, std::size_t{7}}) {
    Guarded one;
    std::size_t at = 0;
    while (at < bytes.size() && one.read(bytes.substr(at, step))) at += step;
    EXPECT_EQ(one.guard.reason(), "http2-malformed") << step;
    EXPECT_EQ(one.guard.error(), 1U);
  }
}

TEST(Http2Guard, AnIdThatWasGonePastIsClosed) {
  Guarded first;
  EXPECT_TRUE(first.read(frame(kHeaders, kEndHeaders, 5, 1)));
  EXPECT_FALSE(first.read(frame(kHeaders, kEndHeaders, 3, 1)));

  Guarded trailers;
  EXPECT_TRUE(trailers.read(frame(kHeaders, kEndHeaders, 1, 1) + frame(kHeaders, kEndHeaders, 3, 1)));
  EXPECT_TRUE(trailers.read(frame(kHeaders, kEndHeaders, 1, 1))) << "of a stream that was opened";
}

TEST(Http2Guard, ResetsHaveABurstAndAShareOfTheStreams) {
  Guarded burst;
  int passed = 0;
  while (passed < 1000 && burst.guard.count_reset(1000)) ++passed;
  EXPECT_EQ(passed, static_cast<int>(Http2Guard::kResetBurst));
  EXPECT_EQ(burst.guard.reason(), "http2-reset-flood");

  Guarded share;  // slowly, but most of them
  passed = 0;
  for (; passed < 1000; ++passed) {
    share.guard.count_stream();
    if (!share.guard.count_reset(static_cast<std::uint64_t>(passed) * 1000)) break;
  }
  EXPECT_EQ(passed + 1, static_cast<int>(Http2Guard::kJudgedStreams));

  Guarded few;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    for (int k = 0; k < 3; ++k) few.guard.count_stream();
    ASSERT_TRUE(few.guard.count_reset(i * 1000)) << i;
  }
}

}  // namespace
}  // namespace weir::proxy
