// RequestTexts: texts with $variables that settings hold (spec 0.4), compiled once for a worker's table: add-headers,
// proxy-set-headers, limit-conn-zone-variable. Immutable; one worker.
#pragma once

#include "weir/features/settings.h"
#include "weir/http/head.h"
#include "weir/observe/log_format.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::proxy {

struct Request;
struct RequestContext;

struct HeaderText {
  std::string name;
  http::FieldId id = http::FieldId::other;
  observe::LogFormat value;
};

struct RequestTexts {
  RequestTexts() = default;
  explicit RequestTexts(const features::Settings& settings);

  std::vector<HeaderText> add_headers;
  std::vector<HeaderText> proxy_set_headers;
  std::optional<observe::LogFormat> limit_key;  // none: the client's address

  // Has the upstream's head a configured field of this name?
  bool sets_upstream(std::string_view name) const;
};

// The value for a request as far as it is known by now; what is not known yet is empty. Control characters, which a
// decoded path may hold, are left out.
void expand_text(const Request& request, const observe::LogFormat& text, std::string& out);

// add-headers on a response.
void set_added_headers(Request& request);

}  // namespace weir::proxy
