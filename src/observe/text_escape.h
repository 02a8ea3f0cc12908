// Escaping for log lines. Pure; appends to `out`.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::observe {

// Eight bytes at a time: not 0 if one of them is ... Every variable of every log line is looked at.
constexpr std::uint64_t eight(unsigned char c) {
  return 0x0101010101010101u * c;
}
constexpr std::uint64_t has_byte(std::uint64_t word, unsigned char c) {
  const std::uint64_t zeros = word ^ eight(c);
  return (zeros - eight(1)) & ~zeros & eight(0x80);
}
constexpr std::uint64_t has_below_blank(std::uint64_t word) {
  return (word - eight(0x20)) & ~word & eight(0x80);
}
constexpr std::uint64_t has_from_delete_on(std::uint64_t word) {
  return ((word + eight(1)) | word) & eight(0x80);
}

// Does `bad` hold for one of the pieces of eight bytes that cover the text? Short texts are filled up with 'x'.
template <class Bad>
bool any_eight(std::string_view text, Bad bad) {
  std::uint64_t word = eight('x');
  if (text.size() < 8) {
    std::memcpy(&word, text.data(), text.size());
    return bad(word);
  }
  const char* const last = text.data() + text.size() - 8;
  bool found = false;
  for (const char* at = text.data(); at < last; at += 8) {
    std::memcpy(&word, at, 8);
    found |= bad(word);
  }
  std::memcpy(&word, last, 8);
  return found | bad(word);
}

inline bool needs_control_escape(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

inline void append_hex_escape(std::string& out, const char* prefix, unsigned char c) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  out.append(prefix);
  out.push_back(kHex[c >> 4]);
  out.push_back(kHex[c & 15]);
}

// Control bytes as \n \r \t \xXX; everything else, backslashes too, stays.
inline void append_control_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\r') {
      out.append("\\r");
    } else if (c == '\t') {
      out.append("\\t");
    } else {
      append_hex_escape(out, "\\x", byte);
    }
  }
}

// nginx's escape=default: `"`, `\`, bytes below 0x20 and from 0x7f on as \xXX.
inline bool needs_standard_escape(unsigned char c) {
  return c < 0x20 || c >= 0x7f || c == '"' || c == '\\';
}

inline bool needs_standard_escape(std::string_view text) {
#if defined(__SSE2__)
  if (text.size() >= 16) {
    const char* const last = text.data() + text.size() - 16;
    __m128i found = _mm_setzero_si128();
    const auto look = [&found](const char* at) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      // As signed numbers, bytes from 0x80 on are below the blank too.
      const __m128i controls =
          _mm_or_si128(_mm_cmplt_epi8(x, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)));
      const __m128i quotes =
          _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
      found = _mm_or_si128(found, _mm_or_si128(controls, quotes));
    };
    for (const char* at = text.data(); at < last; at += 16) look(at);
    look(last);
    return _mm_movemask_epi8(found) != 0;
  }
#endif
  return any_eight(text, [](std::uint64_t word) {
    return (has_below_blank(word) | has_from_delete_on(word) | has_byte(word, '"') | has_byte(word, '\\')) != 0;
  });
}

inline void append_standard_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (needs_standard_escape(byte)) {
      append_hex_escape(out, "\\x", byte);
    } else {
      out.push_back(c);
    }
  }
}

// nginx's escape=json: what a JSON string may not hold; bytes from 0x80 on stay as they are.
inline bool needs_json_escape(unsigned char c) {
  return c < 0x20 || c == '"' || c == '\\';
}

inline bool needs_json_escape(std::string_view text) {
  return any_eight(text, [](std::uint64_t word) {
    return (has_below_blank(word) | has_byte(word, '"') | has_byte(word, '\\')) != 0;
  });
}

inline void append_json_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20) {
          append_hex_escape(out, "\\u00", byte);
        } else {
          out.push_back(c);
        }
      }
    }
  }
}

}  // namespace weir::observe
