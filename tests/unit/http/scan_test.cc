#include "http/scan.h"

#include "http/field_text.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

constexpr std::size_t kSizes[] = {1, 3, 4, 7, 8, 15, 16, 17, 31, 33};

// The scanners look at many bytes at once; what they find must not depend on where it stands.
template <class Scan>
void expect_stops(scan::Class wanted, char good, Scan scan) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::size_t size : kSizes) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, good);
        text[at] = static_cast<char>(byte);
        const char* const end = text.data() + size;
        const std::size_t expected = scan::is(text[at], wanted) ? size : at;
        EXPECT_EQ(static_cast<std::size_t>(scan(text.data(), end) - text.data()), expected)
            << byte << " at " << at << " of " << size;
      }
    }
  }
}

TEST(Scan, HostStopsAtTheFirstByteThatIsNoHostCharacter) {
  expect_stops(scan::kHost, 'a', scan::host);
}

TEST(Scan, ValueStopsAtTheFirstControl) {
  expect_stops(scan::kValue, 'a', scan::value);
}

TEST(Scan, TargetStopsAtTheFirstByteThatIsNoTargetCharacter) {
  expect_stops(scan::kTarget, 'a', scan::target);
}

TEST(Scan, LowerCaseChangesLettersOnly) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::size_t size : kSizes) {
      std::string text(size, static_cast<char>(byte));
      scan::to_lower(text.data(), text.data() + size);
      const char lower = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : static_cast<char>(byte);
      EXPECT_EQ(text, std::string(size, lower)) << byte;
    }
  }
}

TEST(SameToken, ComparesEachByteOfAnySize) {
  const std::string lower = "abcdefgh-ijklmnop-qrstuvwxyz0123456789";
  for (std::size_t size = 0; size <= lower.size(); ++size) {
    std::string text = lower.substr(0, size);
    for (char& c : text) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    EXPECT_TRUE(same_token(text, lower.substr(0, size))) << text;
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = '~';
      EXPECT_FALSE(same_token(other, lower.substr(0, size))) << other;
    }
  }
}

}  // namespace
}  // namespace weir::http
