// Steps 6, 9 and 10 of life-of-a-request: configured texts with $variables.
#include "proxy/request_texts.h"

#include "proxy/clock.h"
#include "proxy/log_entry.h"
#include "proxy/request.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::proxy {
namespace {

// The reader of settings has checked the names; what does not compile all the same is left out.
std::optional<observe::LogFormat> compile(std::string_view text) {
  base::Result<observe::LogFormat> format = observe::LogFormat::compile(text, observe::LogEscape::none);
  if (!format) return std::nullopt;
  return std::move(*format);
}

std::vector<HeaderText> compile(const std::vector<features::HeaderField>& fields) {
  std::vector<HeaderText> out;
  for (const features::HeaderField& field : fields) {
    if (auto value = compile(field.value)) {
      out.push_back({field.name, http::classify_field(field.name), std::move(*value)});
    }
  }
  return out;
}

// Log lines have no binary values; as a key the text tells clients apart as well.
std::string with_text_address(std::string text) {
  for (const std::string_view name : {"$binary_remote_addr", "${binary_remote_addr}"}) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      text.replace(at, name.size(), "${remote_addr}");
    }
  }
  return text;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

RequestTexts::RequestTexts(const features::Settings& settings)
    : add_headers(compile(settings.add_headers)), proxy_set_headers(compile(settings.proxy_set_headers)) {
  if (settings.limit_key != features::kDefaultLimitKey) limit_key = compile(with_text_address(settings.limit_key));
}

bool RequestTexts::sets_upstream(std::string_view name) const {
  return std::any_of(proxy_set_headers.begin(), proxy_set_headers.end(),
                     [name](const HeaderText& one) { return base::iequals(one.name, name); });
}

void expand_text(const Request& request, const observe::LogFormat& text, std::string& out) {
  const std::size_t from = out.size();
  const LogEntry described(request, monotonic_us() - request.began_us);
  text.append(described.entry, out);
  out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), is_control), out.end());
}

void set_added_headers(Request& request) {
  if (request.table == nullptr || request.snapshot.texts().add_headers.empty()) return;
  std::string value;
  for (const HeaderText& one : request.snapshot.texts().add_headers) {
    value.clear();
    expand_text(request, one.value, value);
    if (!value.empty()) request.response.set(one.id, one.name, value);
  }
}

// Every context is that of a Request.
std::string_view RequestContext::limit_client(std::string& text) const {
  const auto& request = static_cast<const Request&>(*this);
  const RequestTexts& texts = request.snapshot.texts();
  if (!texts.limit_key) {
    const auto& bytes = forwarded.address.bytes;
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  expand_text(request, *texts.limit_key, text);
  return text;
}

}  // namespace weir::proxy
