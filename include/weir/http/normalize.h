// Host and path in their canonical forms, computed once per request (life-of-a-request, step 4). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::http {

// The path part of a raw target, as nginx computes $uri with merge_slashes on (spec 0.1 step 4). What nginx does, and
// so does this:
// - everything from the first '?' on is the query and not looked at; '+' stays '+', case stays;
// - every %XX is decoded once; a decoded '/' or '.' then counts like a plain one ("/a%2F..%2Fb" is "/b"), a decoded
// '?',
//   '#' or '%' is an ordinary character; any other byte may come out, also CR, LF and non-ASCII: users of the path must
//   escape it before they write it anywhere;
// - runs of '/' become one; "." segments vanish, ".." removes the segment before it; at the end both leave the slash
//   ("/a/b/.." is "/a/").
// False, which means 400 (reason kPathReason): '%' without two hex digits, %00, ".." above the root. Different from
// nginx: a raw '#' gives false (nginx cuts it off; the head parser refuses it anyway), and "*" (of OPTIONS) gives "/".
// `out` is overwritten, its capacity is kept; when false its content is unspecified. Fast when nothing needs to change.
bool normalize_path(std::string_view target, std::string& out);

// The query of a raw target including "?", or empty.
std::string_view query_of(std::string_view target);

// The byte that the %XX at `at` stands for; nullopt: there is none.
std::optional<char> unescape_at(std::string_view text, std::size_t at);

// Escapes a decoded path for a request line (spec 2.5), as nginx escapes a rewritten $uri: blank " # % < > ? \ ^ ` { |
// }, controls, DEL and non-ASCII bytes become %XX with upper-case digits; appended to `out`.
void escape_path(std::string_view path, std::string& out);

// Lower case, without port and one trailing dot; an IPv6 address keeps its brackets. "" when `authority` is empty. Any
// bytes are taken; the head parser has checked the syntax of what clients send.
void host_of_authority(std::string_view authority, std::string& out);

}  // namespace weir::http
