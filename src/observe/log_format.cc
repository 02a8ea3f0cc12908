#include "weir/observe/log_format.h"

#include "log_variables.h"
#include "text_escape.h"
#include "weir/base/ascii.h"

namespace weir::observe {

namespace {

bool is_name_char(char c) {
  return base::is_alnum(c) || c == '_';
}

// Escapes what was appended from `from` on, in place; values that need it are rare.
void escape_tail(std::string& out, std::size_t from, LogEscape escape) {
  const std::string_view tail = std::string_view(out).substr(from);
  if (!(escape == LogEscape::standard ? needs_standard_escape(tail) : needs_json_escape(tail))) return;
  const std::string value = out.substr(from);
  out.resize(from);
  if (escape == LogEscape::standard) {
    append_standard_escaped(out, value);
  } else {
    append_json_escaped(out, value);
  }
}

}  // namespace

base::Result<LogFormat> LogFormat::compile(std::string_view text, LogEscape escape, std::string_view hostname) {
  LogFormat format;
  format.escape_ = escape;
  std::string literal;
  const auto end_literal = [&] {
    if (literal.empty()) return;
    Piece piece;
    piece.text = std::move(literal);
    literal.clear();
    format.pieces_.push_back(std::move(piece));
  };
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] != '$') {
      literal.push_back(text[at++]);
      continue;
    }
    std::string_view name;
    if (at + 1 < text.size() && text[at + 1] == '{') {
      const std::size_t close = text.find('}', at);
      if (close == std::string_view::npos) return base::fail("log format: \"${\" without \"}\"");
      name = text.substr(at + 2, close - at - 2);
      at = close + 1;
    } else {
      std::size_t end = at + 1;
      while (end < text.size() && is_name_char(text[end])) ++end;
      name = text.substr(at + 1, end - at - 1);
      at = end;
    }
    if (name.empty()) return base::fail("log format: \"$\" without a variable name");
    if (name == "hostname") {
      literal.append(hostname.empty() ? "-" : hostname);
      continue;
    }
    std::string_view argument;
    const LogVariable* variable = find_log_variable(name, argument);
    if (!variable) {
      std::string message = "log format: unknown variable \"$" + std::string(name) + "\"";
      const std::string_view near = base::nearest(name, log_variable_names());
      if (!near.empty()) message += ", did you mean \"$" + std::string(near) + "\"?";
      return base::fail(std::move(message));
    }
    end_literal();
    Piece piece;
    piece.text = argument;
    piece.write = variable->write;
    piece.dash_when_empty = variable->dash_when_empty && escape == LogEscape::standard;
    piece.raw = variable->raw || escape == LogEscape::none;
    format.pieces_.push_back(std::move(piece));
  }
  end_literal();
  return format;
}

void LogFormat::append(const AccessLogEntry& entry, std::string& out) const {
  for (const Piece& piece : pieces_) {
    if (!piece.write) {
      out.append(piece.text);
      continue;
    }
    const std::size_t from = out.size();
    piece.write(entry, piece.text, out);
    if (out.size() == from) {
      if (piece.dash_when_empty) out.push_back('-');
    } else if (!piece.raw) {
      escape_tail(out, from, escape_);
    }
  }
}

}  // namespace weir::observe
