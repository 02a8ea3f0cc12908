#include "weir/http/h1_writer.h"

#include "http/scan.h"

#include <charconv>
#include <cstring>

namespace weir::http {

inline void HeadWriter::put(std::string_view text) {
  if (text.empty()) return;  // without data, perhaps
  std::memcpy(at_, text.data(), text.size());
  at_ += text.size();
}

void HeadWriter::request_line(std::string_view method, std::string_view target) {
  constexpr std::string_view kEnd = " HTTP/1.1\r\n";
  if (!room(method.size() + 1 + target.size() + kEnd.size())) return;
  put(method);
  *at_++ = ' ';
  put(target);
  put(kEnd);
}

void HeadWriter::status_line(int status, std::string_view reason) {
  append("HTTP/1.1 ");
  value_part(static_cast<std::uint64_t>(status));
  append(" ");
  value_part(reason);
  append("\r\n");
}

void HeadWriter::field(std::string_view name, std::string_view value) {
  const char* const end = value.data() + value.size();
  if (scan::value(value.data(), end) == end) return clean_field(name, value);
  field_name(name);
  value_part(value);
  field_end();
}

void HeadWriter::clean_field(std::string_view name, std::string_view value) {
  if (!room(name.size() + value.size() + 4)) return;
  put(name);
  std::memcpy(at_, ": ", 2);
  at_ += 2;
  put(value);
  std::memcpy(at_, "\r\n", 2);
  at_ += 2;
}

void HeadWriter::field(std::string_view name, std::uint64_t value) {
  field_name(name);
  value_part(value);
  field_end();
}

void HeadWriter::field_name(std::string_view name) {
  append(name);
  append(": ");
}

void HeadWriter::value_part(std::string_view part) {
  while (!part.empty()) {
    const char* const stop = scan::value(part.data(), part.data() + part.size());
    const auto clean = static_cast<std::size_t>(stop - part.data());
    append(part.substr(0, clean));
    if (clean == part.size()) return;
    append(" ");
    part.remove_prefix(clean + 1);
  }
}

void HeadWriter::value_part(std::uint64_t number) {
  if (!ok_) return;
  const std::to_chars_result result = std::to_chars(at_, end_, number);
  ok_ = result.ec == std::errc();
  if (ok_) at_ = result.ptr;
}

void HeadWriter::fields(const Fields& fields, std::uint64_t skip) {
  const std::string_view text = fields.text();
  std::size_t run = 0;
  std::size_t run_end = 0;  // bytes [run, run_end) of `text` are still to be copied; none if equal
  const auto flush = [&] {
    if (run == run_end) return;
    append(text.substr(run, run_end - run));
    append("\r\n");
    run = run_end;
  };
  for (const Field& field : fields.all()) {
    if (field.dropped || (field_bit(field.id) & skip) != 0) continue;
    const std::size_t name_end = std::size_t{field.name} + field.name_size;
    const std::size_t value_end = std::size_t{field.value} + field.value_size;
    // Written exactly as this writer would? Then it may join its neighbour.
    const bool canonical = field.value == name_end + 2 && text[name_end] == ':' && text[name_end + 1] == ' ';
    if (canonical && run != run_end && field.name == run_end + 2 && text.substr(run_end, 2) == "\r\n") {
      run_end = value_end;
      continue;
    }
    flush();
    if (canonical) {
      run = field.name;
      run_end = value_end;
      continue;
    }
    field_name(fields.name(field));
    append(fields.value(field));
    append("\r\n");
  }
  flush();
}

std::size_t write_chunk_header(std::uint64_t size, char* out) {
  char* const end = std::to_chars(out, out + 16, size, 16).ptr;
  end[0] = '\r';
  end[1] = '\n';
  return static_cast<std::size_t>(end + 2 - out);
}

}  // namespace weir::http
