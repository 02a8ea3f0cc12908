#include "weir/observe/log_format.h"

#include "log_variables.h"
#include "text_escape.h"
#include "weir/base/ascii.h"
#include "weir/base/dollar_text.h"

namespace weir::observe {

namespace {

constexpr std::size_t kLongestLiteral = 0xffff;

bool is_in_default_layout(std::string_view name) {
  base::DollarReader reader(kDefaultLogFormat);
  while (reader.next()) {
    if (reader.kind() == base::DollarKind::variable && reader.text() == name) return true;
  }
  return false;
}

// Escapes what was appended from `from` on, in place; values that need it are rare.
void escape_tail(LogText& out, std::size_t from, LogEscape escape) {
  const std::string_view tail = out.view(from);
  if (!(escape == LogEscape::standard ? needs_standard_escape(tail) : needs_json_escape(tail))) return;
  std::string escaped;
  if (escape == LogEscape::standard) {
    append_standard_escaped(escaped, tail);
  } else {
    append_json_escaped(escaped, tail);
  }
  out.cut(from);
  out.append(escaped);
}

}  // namespace

base::Result<LogFormat> LogFormat::compile(std::string_view text, LogEscape escape, std::string_view hostname,
                                           LogKind kind) {
  const bool stream = kind == LogKind::stream;
  LogFormat format;
  format.escape_ = escape;
  std::string literal;
  base::DollarReader reader(text);
  while (reader.next()) {
    switch (reader.kind()) {
      case base::DollarKind::literal:
        literal.append(reader.text());
        continue;
      case base::DollarKind::nameless:
        return base::fail("log format: \"$\" without a variable name");
      case base::DollarKind::unclosed:
        return base::fail("log format: \"${\" without \"}\"");
      case base::DollarKind::variable:
        break;
    }
    const std::string_view name = reader.text();
    if (name == "hostname") {
      literal.append(hostname.empty() ? "-" : hostname);
      continue;
    }
    std::string_view argument;
    const LogVariable* variable = stream ? find_stream_variable(name) : find_log_variable(name, argument);
    if (!variable) {
      std::string message = "log format: unknown variable \"$" + std::string(name) + "\"";
      const std::string_view near = base::nearest(name, stream ? stream_variable_names() : log_variable_names());
      if (!near.empty()) message += ", did you mean \"$" + std::string(near) + "\"?";
      return base::fail(std::move(message));
    }
    if (!is_in_default_layout(name)) format.wants_details_ = true;
    if (name.starts_with("sent_http_")) format.wants_sent_fields_ = true;
    Piece& piece = format.add_piece(literal);
    literal.clear();
    piece.argument = static_cast<std::uint32_t>(format.texts_.size());
    piece.argument_size = static_cast<std::uint16_t>(argument.size());
    format.texts_.append(argument);
    piece.text = variable->text;
    piece.write = variable->write;
    piece.dash_when_empty = variable->dash_when_empty && escape == LogEscape::standard;
    piece.raw = variable->raw || escape == LogEscape::none;
  }
  if (!literal.empty()) format.add_piece(literal).raw = true;
  return format;
}

LogFormat::Piece& LogFormat::add_piece(std::string_view literal) {
  // Longer ones are rare: each part but the last is a piece without a variable.
  while (literal.size() > kLongestLiteral) {
    add_piece(literal.substr(0, kLongestLiteral)).raw = true;
    literal.remove_prefix(kLongestLiteral);
  }
  Piece& piece = pieces_.emplace_back();
  piece.literal = static_cast<std::uint32_t>(texts_.size());
  piece.literal_size = static_cast<std::uint16_t>(literal.size());
  texts_.append(literal);
  return piece;
}

void append_log_variable(const AccessLogEntry& entry, std::string_view name, std::string& out) {
  std::string_view argument;
  const LogVariable* variable = find_log_variable(name, argument);
  if (variable == nullptr) return;
  if (variable->text != nullptr) {
    out.append(entry.*variable->text);
    return;
  }
  LogText value;
  variable->write(entry, argument, value);
  out.append(value.view());
}

void LogFormat::append(const AccessLogEntry& entry, LogText& out) const {
  for (const Piece& piece : pieces_) {
    out.append({texts_.data() + piece.literal, piece.literal_size});
    const std::size_t from = out.size();
    if (piece.text != nullptr) {
      out.append(entry.*piece.text);
    } else if (piece.write != nullptr) {
      piece.write(entry, {texts_.data() + piece.argument, piece.argument_size}, out);
    } else {
      continue;
    }
    if (out.size() == from) {
      if (piece.dash_when_empty) out.push_back('-');
    } else if (!piece.raw) {
      escape_tail(out, from, escape_);
    }
  }
}

void LogFormat::append(const AccessLogEntry& entry, std::string& out) const {
  LogText text;
  append(entry, text);
  out.append(text.view());
}

}  // namespace weir::observe
