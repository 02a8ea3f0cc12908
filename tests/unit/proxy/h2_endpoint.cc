#include "unit/proxy/h2_endpoint.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::proxy::test {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void put(std::string& out, std::uint32_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> 8 * i & 0xff);
}

std::uint32_t number_at(std::string_view text, std::size_t at, int bytes) {
  std::uint32_t out = 0;
  for (int i = 0; i < bytes; ++i) out = out << 8 | static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
  return out;
}

// RFC 7541 5.2, without Huffman coding.
void put_string(std::string& out, std::string_view text) {
  std::size_t size = text.size();
  if (size < 127) {
    out += static_cast<char>(size);
  } else {
    out += static_cast<char>(127);
    for (size -= 127; size >= 128; size /= 128) out += static_cast<char>(size % 128 + 128);
    out += static_cast<char>(size);
  }
  out += text;
}

}  // namespace

std::string h2_number(std::uint32_t number) {
  std::string out;
  put(out, number, 4);
  return out;
}

std::string h2_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string out;
  put(out, static_cast<std::uint32_t>(payload.size()), 3);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  put(out, stream, 4);
  return out.append(payload);
}

// RFC 7541 6.2.2: literals that are not indexed.
std::string h2_fields(const H2Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += '\0';
    put_string(out, name);
    put_string(out, value);
  }
  return out;
}

H2Endpoint::H2Endpoint(Wire& wire, const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings) : wire_(wire) {
  EXPECT_EQ(nghttp2_hd_inflate_new(&inflater_), 0);
  EXPECT_EQ(wire_.read_exactly(kPreface.size()), kPreface);
  std::string payload;
  for (const auto& [id, value] : settings) {
    put(payload, id, 2);
    put(payload, value, 4);
  }
  send(kSettings, kNone, 0, payload);
}

H2Endpoint::~H2Endpoint() {
  nghttp2_hd_inflate_del(inflater_);
}

std::optional<H2Frame> read_h2_frame(Wire& wire) {
  const std::string header = wire.read_exactly(9);
  if (header.size() < 9) return std::nullopt;
  H2Frame frame;
  const std::size_t size = number_at(header, 0, 3);
  frame.type = static_cast<std::uint8_t>(header[3]);
  frame.flags = static_cast<std::uint8_t>(header[4]);
  frame.stream = number_at(header, 5, 4);
  frame.payload = size > 0 ? wire.read_exactly(size) : std::string();
  return frame;
}

std::string h2_client_request(const H2Fields& fields) {
  return std::string(kPreface) + h2_frame(kSettings, kNone, 0, "") +
         h2_frame(kHeaders, kEndHeaders | kEndStream, 1, h2_fields(fields));
}

std::optional<H2Frame> H2Endpoint::next() {
  std::optional<H2Frame> frame = read_h2_frame(wire_);
  if (!frame) return frame;
  if (frame->type == kHeaders) decode(*frame);
  if (frame->type == kSettings && (frame->flags & kAck) == 0) send(kSettings, kAck, 0);
  return frame;
}

std::optional<H2Frame> H2Endpoint::next(H2Type type) {
  for (;;) {
    std::optional<H2Frame> frame = next();
    if (!frame || frame->type == type) return frame;
  }
}

std::uint32_t H2Endpoint::request(bool whole) {
  std::optional<H2Frame> frame = next(kHeaders);
  if (!frame) return 0;
  const std::uint32_t stream = frame->stream;
  body.clear();
  while (whole && !frame->ends_stream()) {
    frame = next(kData);
    if (!frame) return 0;
    body += frame->payload;
  }
  return stream;
}

void H2Endpoint::decode(const H2Frame& frame) {
  fields.clear();
  std::string_view rest = frame.payload;
  if ((frame.flags & 0x20) != 0) rest.remove_prefix(5);  // priority
  for (;;) {
    nghttp2_nv pair{};
    int flags = 0;
    const ssize_t taken = nghttp2_hd_inflate_hd2(inflater_, &pair, &flags,
                                                 reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size(), 1);
    if (taken < 0) {
      ADD_FAILURE() << "a header block that cannot be decoded";
      return;
    }
    rest.remove_prefix(static_cast<std::size_t>(taken));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.emplace_back(std::string(reinterpret_cast<char*>(pair.name), pair.namelen),
                          std::string(reinterpret_cast<char*>(pair.value), pair.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(inflater_);
      return;
    }
  }
}

std::string H2Endpoint::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [name](const auto& one) { return one.first == name; });
  return found != fields.end() ? found->second : std::string("(none)");
}

}  // namespace weir::proxy::test
