// Texts with $variables (spec 0.4), compiled once: when an annotation or a ConfigMap is read. A compiled text knows
// which variable stands where; its value for a request is worked out by proxy/request_variables.cc, the only place that
// does.
//
// Pure values; any thread. A text that does not compile is no error of this type: an unknown variable has no value, a
// `$` that starts none stays as written. Who must not take such a text asks find_unknown_variable() first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::features {

// literal, unknown: no variables. capture: $1..$9. field, argument, cookie: of the request, by name. logged: one that
// only the access log works out (observe/log_format.h). The others are spelt as in a text, but for `ns` ($namespace).
enum class Variable : std::uint8_t {
  literal,
  unknown,
  capture,
  field,
  argument,
  cookie,
  logged,
  args,
  best_http_host,
  content_length,
  content_type,
  escaped_request_uri,
  host,
  http_host,
  https,
  ingress_name,
  is_args,
  location_path,
  ns,
  pass_access_scheme,
  pass_port,
  proxy_alternative_upstream_name,
  proxy_upstream_name,
  realip_remote_addr,
  remote_addr,
  remote_port,
  request_id,
  request_method,
  request_uri,
  scheme,
  server_addr,
  server_name,
  server_port,
  server_protocol,
  service_name,
  service_port,
  subdomain,
  uri,
};

// True for the fixed names, for families such as http_X, arg_X and cookie_X, and for the captures 1..9.
bool is_known_variable(std::string_view name);

// The first thing after a `$` that is no known variable ("nosuch"; empty text for a bare `$` or an open brace);
// nullopt when all of `text` can be interpolated.
std::optional<std::string> find_unknown_variable(std::string_view text);

class VariableText {
 public:
  struct Piece {
    Variable what = Variable::literal;
    std::uint32_t begin = 0;  // of its text in source(): a literal, the X of http_X, a capture's digit, else the name
    std::uint32_t size = 0;
  };

  VariableText() = default;
  // Implicit: wherever a policy wants a text with variables, a text will do.
  VariableText(std::string source);
  VariableText(std::string_view source) : VariableText(std::string(source)) {}
  VariableText(const char* source) : VariableText(std::string(source)) {}

  // As written.
  const std::string& source() const { return source_; }
  bool empty() const { return source_.empty(); }
  const std::vector<Piece>& pieces() const { return pieces_; }
  std::string_view text_of(const Piece& piece) const {
    return std::string_view(source_).substr(piece.begin, piece.size);
  }
  // Nothing in it depends on the request.
  bool is_literal() const { return pieces_.empty() || (pieces_.size() == 1 && pieces_[0].what == Variable::literal); }
  bool uses_captures() const { return uses_captures_; }

  friend bool operator==(const VariableText& a, const VariableText& b) { return a.source_ == b.source_; }

 private:
  std::string source_;
  std::vector<Piece> pieces_;
  bool uses_captures_ = false;
};

// A header whose value has variables.
struct HeaderText {
  std::string name;
  VariableText value;

  bool operator==(const HeaderText&) const = default;
};

}  // namespace weir::features
