#include "weir/http/head.h"

#include "http/field_text.h"

#include <array>

namespace weir::http {
namespace {

constexpr std::size_t kIds = static_cast<std::size_t>(FieldId::count);

// In the order of FieldId.
constexpr std::array<std::string_view, kIds> kNames = {"",
                                                       "accept",
                                                       "accept-encoding",
                                                       "authorization",
                                                       "connection",
                                                       "content-length",
                                                       "content-range",
                                                       "content-type",
                                                       "cookie",
                                                       "date",
                                                       "expect",
                                                       "x-forwarded-for",
                                                       "x-forwarded-host",
                                                       "x-forwarded-port",
                                                       "x-forwarded-proto",
                                                       "x-forwarded-scheme",
                                                       "host",
                                                       "http2-settings",
                                                       "if-match",
                                                       "if-modified-since",
                                                       "if-none-match",
                                                       "if-range",
                                                       "if-unmodified-since",
                                                       "keep-alive",
                                                       "location",
                                                       "origin",
                                                       "x-original-forwarded-for",
                                                       "x-original-forwarded-host",
                                                       "x-original-uri",
                                                       "proxy",
                                                       "proxy-authenticate",
                                                       "proxy-connection",
                                                       "range",
                                                       "x-real-ip",
                                                       "referer",
                                                       "refresh",
                                                       "x-request-id",
                                                       "x-scheme",
                                                       "server",
                                                       "set-cookie",
                                                       "ssl-client-cert",
                                                       "ssl-client-issuer-dn",
                                                       "ssl-client-subject-dn",
                                                       "ssl-client-verify",
                                                       "status",
                                                       "strict-transport-security",
                                                       "te",
                                                       "trailer",
                                                       "transfer-encoding",
                                                       "upgrade",
                                                       "user-agent",
                                                       "vary",
                                                       "via",
                                                       "www-authenticate",
                                                       "x-accel-buffering",
                                                       "x-accel-charset",
                                                       "x-accel-expires",
                                                       "x-accel-limit-rate",
                                                       "x-accel-redirect",
                                                       "x-forwarded-prefix",
                                                       "x-pad"};

constexpr std::size_t kLongest = 25;
constexpr std::size_t kSlots = 256;

// Length, first and last letter tell the known names apart well enough; the few that share a slot are probed in turn.
constexpr std::size_t slot_of(std::size_t size, char first, char last) {
  const auto a = static_cast<unsigned char>(first | 0x20);
  const auto b = static_cast<unsigned char>(last | 0x20);
  return (size * 7u + a * 5u + b * 11u) % kSlots;
}

constexpr std::array<std::uint8_t, kSlots> make_slots() {
  std::array<std::uint8_t, kSlots> slots{};
  for (std::size_t id = 1; id < kIds; ++id) {
    const std::string_view name = kNames[id];
    std::size_t slot = slot_of(name.size(), name.front(), name.back());
    while (slots[slot] != 0) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<std::uint8_t>(id);
  }
  return slots;
}
constexpr std::array<std::uint8_t, kSlots> kSlotTable = make_slots();

static_assert(kNames.back() == "x-pad", "kNames follows FieldId");

}  // namespace

FieldId classify_field(std::string_view name) {
  if (name.empty() || name.size() > kLongest) return FieldId::other;
  for (std::size_t slot = slot_of(name.size(), name.front(), name.back());; slot = (slot + 1) % kSlots) {
    const std::uint8_t id = kSlotTable[slot];
    if (id == 0) return FieldId::other;
    if (same_token(name, kNames[id])) return static_cast<FieldId>(id);
  }
}

std::string_view field_name(FieldId id) {
  const auto index = static_cast<std::size_t>(id);
  return index < kIds ? kNames[index] : std::string_view();
}

bool is_idempotent(Method method) {
  return method != Method::post && method != Method::patch;
}

const Field* Fields::find(FieldId id) const {
  for (const Field& field : fields_) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

std::string_view Fields::get(FieldId id) const {
  const Field* field = find(id);
  return field != nullptr ? value(*field) : std::string_view();
}

const Field* Fields::find(std::string_view wanted) const {
  for (const Field& field : fields_) {
    if (field.name_size == wanted.size() && iequals_ascii(name(field), wanted)) return &field;
  }
  return nullptr;
}

void Fields::add(FieldId id, std::string_view name, std::string_view value) {
  Field field;
  field.id = id;
  field.name = static_cast<std::uint32_t>(text_.size());
  field.name_size = static_cast<std::uint16_t>(name.size());
  text_.append(name).append(": ");
  field.value = static_cast<std::uint32_t>(text_.size());
  field.value_size = static_cast<std::uint16_t>(value.size());
  text_.append(value).append("\r\n");
  fields_.push_back(field);
}

void Fields::bring_back() {
  for (Field& field : fields_) {
    if (field.set_aside) field.dropped = field.set_aside = false;
  }
}

void RequestHead::clear() {
  fields.clear();
  method = Method::get;
  redirected_method = {};
  minor_version = 1;
  http2 = false;
  method_at = target_at = method_size = target_size = 0;
  authority.clear();
  host.clear();
  body = BodyKind::none;
  content_length = 0;
  keep_alive = true;
  expect_continue = false;
  upgrade = false;
  size = 0;
}

void ResponseHead::clear() {
  fields.clear();
  status = 0;
  minor_version = 1;
  reason_at = reason_size = 0;
  body = BodyKind::none;
  content_length = 0;
  keep_alive = true;
  upgrade = false;
  size = 0;
}

}  // namespace weir::http
