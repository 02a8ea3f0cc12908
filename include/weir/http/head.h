// Message heads as data, without sockets: one RequestHead for HTTP/1 and HTTP/2 (life-of-a-request, step 3).
//
// A head owns a copy of its bytes (`text`) and refers into it by offsets, so that it can move, outlive the input buffer
// and be reused for the next request without allocating. Thread rule: one worker. Lifetime: views are valid until the
// head is parsed into again or destroyed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

// Names Weir looks at; everything else is `other`. Order is free; kCount last.
enum class FieldId : std::uint8_t {
  other,
  accept,
  accept_encoding,
  authorization,
  connection,
  content_length,
  content_range,
  content_type,
  cookie,
  date,
  expect,
  forwarded_for /* x-forwarded-for */,
  forwarded_host,
  forwarded_port,
  forwarded_proto,
  forwarded_scheme,
  host,
  http2_settings,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  keep_alive,
  location,
  origin,
  original_forwarded_for,
  original_forwarded_host,
  original_uri,
  proxy,
  proxy_authenticate,
  proxy_connection,
  range,
  real_ip,
  referer,
  refresh,
  request_id,
  scheme,
  server,
  set_cookie,
  ssl_client_cert,
  ssl_client_issuer_dn,
  ssl_client_subject_dn,
  ssl_client_verify,
  status,
  strict_transport_security,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
  via,
  www_authenticate,
  x_accel_buffering,
  x_accel_charset,
  x_accel_expires,
  x_accel_limit_rate,
  x_accel_redirect,
  x_forwarded_prefix,
  x_pad,
  count
};

// The id of a field name in any case; `other` when Weir does not look at it. `name` must be a token.
FieldId classify_field(std::string_view name);
// Lower-case name of an id; empty for `other` and `count`.
std::string_view field_name(FieldId id);

enum class Method : std::uint8_t { get, head, post, put, delete_, connect, options, trace, patch, other };
bool is_idempotent(Method method);  // POST, LOCK, PATCH are not (spec 3.5); `other` is taken by name elsewhere

struct Field {
  std::uint32_t name = 0;  // offsets into text
  std::uint32_t value = 0;
  std::uint16_t name_size = 0;
  std::uint16_t value_size = 0;
  FieldId id = FieldId::other;
  bool dropped = false;    // not forwarded: hop-by-hop, nominated by Connection, underscore ...
                           // Host and Content-Length are never marked: the next head is built from
                           // `authority` and `body`, not from these fields.
  bool set_aside = false;  // dropped for what holds in one location only: Fields::bring_back()

  void leave_out() {
    if (!dropped) dropped = set_aside = true;
  }
};

class Fields {
 public:
  std::string_view name(const Field& field) const { return {text_.data() + field.name, field.name_size}; }
  std::string_view value(const Field& field) const { return {text_.data() + field.value, field.value_size}; }
  std::vector<Field>& all() { return fields_; }
  const std::vector<Field>& all() const { return fields_; }
  // First field of that id that is there (dropped or not); nullptr if none.
  const Field* find(FieldId id) const;
  std::string_view get(FieldId id) const;          // value, empty if absent
  const Field* find(std::string_view name) const;  // case-insensitive

  // One more field, behind the others. Ends views into the text.
  void add(FieldId id, std::string_view name, std::string_view value);
  // Undoes every leave_out().
  void bring_back();

  std::string& text() { return text_; }
  const std::string& text() const { return text_; }
  void clear() {
    text_.clear();
    fields_.clear();
  }

 private:
  std::string text_;  // capacity is kept from request to request
  std::vector<Field> fields_;
};

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

struct RequestHead {
  Fields fields;
  Method method = Method::get;
  std::string_view redirected_method;  // static text; empty: the client's own
  std::uint8_t minor_version = 1;      // HTTP/1.x; 0 or 1
  bool http2 = false;                  // came as HTTP/2; minor_version is 1 then
  // Offsets into fields.text(); use the accessors.
  std::uint32_t method_at = 0, target_at = 0;
  std::uint32_t method_size = 0, target_size = 0;
  std::string authority;  // Host as received, or of an absolute-form target (with port, original case)
  std::string host;       // lower case, no port, no trailing dot; for look-up
  BodyKind body = BodyKind::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;  // what the client asked for
  bool expect_continue = false;
  bool upgrade = false;    // Upgrade with Connection: upgrade, one token, not h2c; the value is
                           // fields.get(FieldId::upgrade), the field itself is marked dropped
  std::uint32_t size = 0;  // bytes of the head on the wire

  // That of an internal redirect, else the client's.
  std::string_view method_text() const { return redirected_method.empty() ? client_method() : redirected_method; }
  std::string_view client_method() const { return {fields.text().data() + method_at, method_size}; }
  // Origin-form as received ("/a%2Fb?x"), also for absolute-form requests ("/" when their path is empty); raw bytes.
  // "*" for `OPTIONS *` and for OPTIONS with an absolute-form target without path and query (RFC 9112 3.2.4).
  std::string_view target() const { return {fields.text().data() + target_at, target_size}; }
  // "HTTP/1.1"
  std::string_view version_text() const { return http2 ? "HTTP/2.0" : minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1"; }
  void clear();
};

struct ResponseHead {
  Fields fields;
  int status = 0;
  std::uint8_t minor_version = 1;
  std::uint32_t reason_at = 0, reason_size = 0;
  BodyKind body = BodyKind::none;  // before HEAD/204/304 are considered: see body_of_response()
  std::uint64_t content_length = 0;
  bool keep_alive = true;  // version and Connection allow it; an until_close body forbids it too
  bool upgrade = false;    // 101 with Connection: upgrade and one Upgrade token
  std::uint32_t size = 0;

  std::string_view reason() const { return {fields.text().data() + reason_at, reason_size}; }
  void clear();
};

}  // namespace weir::http
