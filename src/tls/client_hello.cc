#include "weir/tls/client_hello.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <optional>

namespace weir::tls {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kMajorVersion = 3;  // of all versions since SSL 3.0
constexpr std::size_t kRecordHeader = 5;   // type, version, length
constexpr std::size_t kRecordMax = 16 * 1024;
constexpr std::uint8_t kClientHelloType = 1;
constexpr std::size_t kMessageHeader = 4;  // type, length
constexpr std::size_t kVersionAndRandom = 2 + 32;
constexpr std::size_t kSessionIdMax = 32;
constexpr std::uint32_t kServerNameExtension = 0;
constexpr std::uint32_t kHostName = 0;
constexpr std::size_t kNameMax = 255;

// Takes numbers and byte strings from the front of a message. After the first that is not there, all fail.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool empty() const { return rest_.empty(); }

  std::string_view bytes(std::size_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  // Big-endian, `width` bytes of at most 3.
  std::uint32_t number(std::size_t width) {
    std::uint32_t out = 0;
    for (const char byte : bytes(width)) out = out << 8 | static_cast<std::uint8_t>(byte);
    return out;
  }
  // A vector: its size in `width` bytes, then its bytes.
  Reader vector(std::size_t width) { return Reader(vector_bytes(width)); }
  std::string_view vector_bytes(std::size_t width) { return bytes(number(width)); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// The one host name of a server_name extension. nullopt: malformed. Other kinds of names were never defined.
std::optional<std::string> read_server_name(std::string_view extension) {
  Reader reader(extension);
  Reader names = reader.vector(2);
  const std::uint32_t kind = names.number(1);
  const std::string_view name = names.vector_bytes(2);
  if (reader.failed() || names.failed() || !reader.empty() || !names.empty()) return std::nullopt;
  if (kind != kHostName || name.empty() || name.size() > kNameMax) return std::nullopt;
  if (name.find('\0') != std::string_view::npos) return std::nullopt;
  return base::to_lower(name);
}

// nullopt: malformed; empty: no name.
std::optional<std::string> read_message(std::string_view body) {
  Reader hello(body);
  (void)hello.bytes(kVersionAndRandom);
  const std::string_view session_id = hello.vector_bytes(1);
  const std::string_view ciphers = hello.vector_bytes(2);
  const std::string_view compressions = hello.vector_bytes(1);
  if (hello.failed() || session_id.size() > kSessionIdMax || ciphers.size() < 2 || ciphers.size() % 2 != 0 ||
      compressions.empty()) {
    return std::nullopt;
  }
  if (hello.empty()) return std::string();  // TLS 1.2 and older may do without extensions
  Reader extensions = hello.vector(2);
  if (hello.failed() || !hello.empty()) return std::nullopt;
  std::optional<std::string> name;
  while (!extensions.empty()) {
    const std::uint32_t type = extensions.number(2);
    const std::string_view content = extensions.vector_bytes(2);
    if (extensions.failed()) return std::nullopt;
    if (type != kServerNameExtension) continue;
    if (name) return std::nullopt;
    name = read_server_name(content);
    if (!name) return std::nullopt;
  }
  return name.value_or(std::string());
}

ClientHello unreadable() {
  return {HelloStatus::unreadable, {}};
}

}  // namespace

ClientHello parse_client_hello(std::string_view input) {
  std::string message;        // joined from the records; most hellos are one
  std::string_view gathered;  // the handshake bytes so far
  std::string_view rest = input.substr(0, kClientHelloMax);
  for (;;) {
    if (gathered.size() >= 1 && static_cast<std::uint8_t>(gathered[0]) != kClientHelloType) return unreadable();
    if (gathered.size() >= kMessageHeader) {
      Reader header(gathered);
      (void)header.number(1);
      const std::size_t size = header.number(3);
      if (size > kClientHelloMax) return unreadable();
      if (gathered.size() >= kMessageHeader + size) {
        std::optional<std::string> name = read_message(header.bytes(size));
        if (!name) return unreadable();
        return {HelloStatus::whole, std::move(*name)};
      }
    }
    // Checked byte by byte, so that nobody waits for the rest of what is no record.
    if (!rest.empty() && static_cast<std::uint8_t>(rest[0]) != kHandshakeRecord) return unreadable();
    if (rest.size() > 1 && static_cast<std::uint8_t>(rest[1]) != kMajorVersion) return unreadable();
    if (rest.size() < kRecordHeader) break;
    Reader record(rest);
    (void)record.bytes(kRecordHeader - 2);
    const std::size_t size = record.number(2);
    if (size == 0 || size > kRecordMax) return unreadable();
    const std::string_view fragment = rest.substr(kRecordHeader, size);  // what of it is here
    if (gathered.empty()) {
      gathered = fragment;
    } else {
      if (message.empty()) message = gathered;
      message += fragment;
      gathered = message;
    }
    rest.remove_prefix(std::min(rest.size(), kRecordHeader + size));
  }
  return input.size() < kClientHelloMax ? ClientHello{} : unreadable();
}

}  // namespace weir::tls
