#include "proxy/content_encoder.h"

#include <brotli/decode.h>
#include <zlib.h>

#include <gtest/gtest.h>

#include <string>

namespace weir::proxy {
namespace {

using End = ContentEncoder::End;

// As much as can be decoded of it.
std::string unzipped(std::string_view coded) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 31), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  stream.avail_in = static_cast<uInt>(coded.size());
  std::string out;
  char piece[4096];
  int result = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof piece;
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, sizeof piece - stream.avail_out);
  } while (result == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
  inflateEnd(&stream);
  return out;
}

std::string unbrotlied(std::string_view coded) {
  BrotliDecoderState* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(coded.data());
  std::size_t left = coded.size();
  std::string out;
  for (;;) {
    std::uint8_t piece[4096];
    std::uint8_t* next_out = piece;
    std::size_t room = sizeof piece;
    const BrotliDecoderResult result = BrotliDecoderDecompressStream(state, &left, &next_in, &room, &next_out, nullptr);
    out.append(reinterpret_cast<const char*>(piece), sizeof piece - room);
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && room != 0) break;
  }
  BrotliDecoderDestroyInstance(state);
  return out;
}

std::string decoded(Coding coding, std::string_view coded) {
  return coding == Coding::gzip ? unzipped(coded) : unbrotlied(coded);
}

// Text that does not compress to nothing.
std::string sample(std::size_t size) {
  std::string text;
  std::uint32_t state = 7;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    text += std::to_string(state >> 12) + " ";
  }
  text.resize(size);
  return text;
}

class Encoders : public testing::TestWithParam<Coding> {};

TEST_P(Encoders, EveryPieceCanBeDecodedAtOnce) {
  std::uint64_t used = 0;
  const std::string text = sample(300'000);
  for (const int level : {1, 5, 9}) {
    const auto encoder = make_encoder(GetParam(), level, std::nullopt, used);
    ASSERT_NE(encoder, nullptr);
    std::string coded;
    for (std::size_t at = 0; at < text.size(); at += 70'000) {
      ASSERT_TRUE(encoder->feed(std::string_view(text).substr(at, 70'000), End::flush, coded));
      EXPECT_EQ(decoded(GetParam(), coded).size(), std::min(text.size(), at + 70'000)) << level;
    }
    ASSERT_TRUE(encoder->feed({}, End::finish, coded));
    EXPECT_EQ(decoded(GetParam(), coded), text) << level;
    EXPECT_LT(coded.size(), text.size());
  }
}

TEST_P(Encoders, ShortBodiesOfEverySizeComeBack) {
  std::uint64_t used = 0;
  for (std::size_t size = 0; size < 600; ++size) {
    const std::string text = sample(size);
    const auto encoder = make_encoder(GetParam(), 4, size, used);
    ASSERT_NE(encoder, nullptr) << size;
    std::string coded;
    ASSERT_TRUE(encoder->feed(text, End::finish, coded)) << size;
    ASSERT_EQ(decoded(GetParam(), coded), text) << size;
  }
}

TEST_P(Encoders, MemoryIsCountedAndGivenBack) {
  std::uint64_t used = 0;
  {
    const auto encoder = make_encoder(GetParam(), 4, std::nullopt, used);
    std::string coded;
    ASSERT_TRUE(encoder->feed(sample(200'000), End::flush, coded));
    EXPECT_GT(used, 100'000u);
    EXPECT_LT(used, 16'000'000u);
  }
  EXPECT_EQ(used, 0u);
  std::uint64_t little = 0;
  const auto small = make_encoder(GetParam(), 4, 500, little);
  EXPECT_LT(little, 100'000u);
}

INSTANTIATE_TEST_SUITE_P(Both, Encoders, testing::Values(Coding::gzip, Coding::brotli),
                         [](const auto& one) { return std::string(name_of(one.param)); });

}  // namespace
}  // namespace weir::proxy
