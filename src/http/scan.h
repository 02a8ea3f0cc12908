// Byte scanners of the head parser: each returns the first byte that does not belong to the class, or `end`. They never
// read beyond `end`. SSE2 (always there on x86-64) and SSSE3 where the build allows it; tables elsewhere. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__SSSE3__)
#include <tmmintrin.h>
#endif

namespace weir::http::scan {

enum Class : std::uint8_t { kToken = 1, kValue = 2, kTarget = 4, kHost = 8 };

constexpr std::array<std::uint8_t, 256> make_table() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    std::uint8_t bits = 0;
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool token = alnum;
    for (const char t : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
      if (c == static_cast<unsigned char>(t)) token = true;
    }
    if (token) bits |= kToken;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) bits |= kValue;  // field-content and obs-text
    if (c > 0x20 && c < 0x7f && c != '#') bits |= kTarget;      // visible, no fragment
    if (alnum || c == '-' || c == '.' || c == '_' || c == '~') bits |= kHost;
    table[c] = bits;
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kTable = make_table();

inline bool is(char c, Class wanted) {
  return (kTable[static_cast<unsigned char>(c)] & wanted) != 0;
}

inline const char* by_table(const char* p, const char* end, Class wanted) {
  while (p != end && is(*p, wanted)) ++p;
  return p;
}

#if defined(__SSE2__)
inline __m128i load(const char* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
inline __m128i splat(int c) {
  return _mm_set1_epi8(static_cast<char>(c));
}
#endif

// True if none of the eight bytes at `p` is a control or DEL. A tab counts as one, the caller looks closer.
inline bool eight_clean(const char* p) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  std::uint64_t x = 0;
  std::memcpy(&x, p, 8);
  const std::uint64_t del = x ^ (kOnes * 0x7f);
  return ((((x - kOnes * 0x20) & ~x) | ((del - kOnes) & ~del)) & (kOnes * 0x80)) == 0;
}

// Field values and reason phrases.
inline const char* value(const char* p, const char* end) {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i x = load(p);
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, splat(0x1f)), x);
    const __m128i stop =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(x, splat('\t')), low), _mm_cmpeq_epi8(x, splat(0x7f)));
    const int mask = _mm_movemask_epi8(stop);
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  while (end - p >= 8 && eight_clean(p)) p += 8;
  return by_table(p, end, kValue);
}

// Request targets: visible ASCII without '#'.
inline const char* target(const char* p, const char* end) {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i x = load(p);
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, splat(0x20)), x);
    const __m128i high = _mm_cmpeq_epi8(_mm_max_epu8(x, splat(0x7f)), x);
    const __m128i stop = _mm_or_si128(_mm_or_si128(low, high), _mm_cmpeq_epi8(x, splat('#')));
    const int mask = _mm_movemask_epi8(stop);
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  return by_table(p, end, kTarget);
}

// Host names: letters, digits, '-', '.', '_', '~'.
inline const char* host(const char* p, const char* end) {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i x = load(p);
    // As signed numbers: bytes from 0x80 on are below everything here.
    const auto between = [x](int first, int last) {
      return _mm_and_si128(_mm_cmpgt_epi8(x, splat(first - 1)), _mm_cmplt_epi8(x, splat(last + 1)));
    };
    const __m128i letters = [x] {
      const __m128i lower = _mm_or_si128(x, splat(0x20));
      return _mm_and_si128(_mm_cmpgt_epi8(lower, splat('a' - 1)), _mm_cmplt_epi8(lower, splat('z' + 1)));
    }();
    const __m128i others = _mm_or_si128(_mm_cmpeq_epi8(x, splat('_')), _mm_cmpeq_epi8(x, splat('~')));
    const __m128i good =
        _mm_or_si128(_mm_or_si128(letters, others), _mm_or_si128(between('-', '.'), between('0', '9')));
    const int stop = ~_mm_movemask_epi8(good) & 0xffff;
    if (stop != 0) return p + __builtin_ctz(static_cast<unsigned>(stop));
    p += 16;
  }
#endif
  return by_table(p, end, kHost);
}

// ASCII letters to lower case, in place.
inline void to_lower(char* p, const char* end) {
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const __m128i x = load(p);
    const __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(x, splat('A' - 1)), _mm_cmplt_epi8(x, splat('Z' + 1)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_or_si128(x, _mm_and_si128(upper, splat(0x20))));
  }
#endif
  for (; p != end; ++p) {
    if (*p >= 'A' && *p <= 'Z') *p = static_cast<char>(*p | 0x20);
  }
}

#if defined(__SSSE3__)
// Bit (row - 2) of entry `low nibble` is set if the character row*16+low is a token character; rows 2 to 7 matter.
constexpr std::array<std::uint8_t, 16> make_token_rows() {
  std::array<std::uint8_t, 16> rows{};
  for (unsigned c = 0x20; c < 0x80; ++c) {
    if ((kTable[c] & kToken) != 0) rows[c & 15] = static_cast<std::uint8_t>(rows[c & 15] | (1u << ((c >> 4) - 2)));
  }
  return rows;
}
alignas(16) inline constexpr std::array<std::uint8_t, 16> kTokenRows = make_token_rows();
alignas(16) inline constexpr std::array<std::uint8_t, 16> kRowBits = {0, 0, 1, 2, 4, 8, 16, 32};
#endif

// Field names. `underscore` is set if the run holds a '_'.
inline const char* name(const char* p, const char* end, bool& underscore) {
#if defined(__SSSE3__)
  const __m128i rows = _mm_load_si128(reinterpret_cast<const __m128i*>(kTokenRows.data()));
  const __m128i bits = _mm_load_si128(reinterpret_cast<const __m128i*>(kRowBits.data()));
  while (end - p >= 16) {
    const __m128i x = load(p);
    const __m128i low = _mm_and_si128(x, splat(0x0f));
    const __m128i high = _mm_and_si128(_mm_srli_epi16(x, 4), splat(0x0f));
    const __m128i match = _mm_and_si128(_mm_shuffle_epi8(rows, low), _mm_shuffle_epi8(bits, high));
    const auto stop = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(match, _mm_setzero_si128())));
    const auto under = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(x, splat('_'))));
    if (stop != 0) {
      if ((under & ((stop & (0u - stop)) - 1u)) != 0) underscore = true;
      return p + __builtin_ctz(stop);
    }
    if (under != 0) underscore = true;
    p += 16;
  }
#endif
  while (p != end && is(*p, kToken)) {
    if (*p == '_') underscore = true;
    ++p;
  }
  return p;
}

}  // namespace weir::http::scan
