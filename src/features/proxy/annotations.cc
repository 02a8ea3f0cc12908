#include "features/annotation_sets.h"
#include "weir/base/ascii.h"
#include "weir/base/byte_size.h"

#include <array>
#include <utility>

namespace weir::features {
namespace {

using Conditions = std::pair<std::string_view, std::uint32_t>;
constexpr std::array kConditions = std::to_array<Conditions>({
    {"error", kRetryError},
    {"timeout", kRetryTimeout},
    {"invalid_header", kRetryInvalidHeader},
    {"http_500", kRetry500},
    {"http_502", kRetry502},
    {"http_503", kRetry503},
    {"http_504", kRetry504},
    {"http_403", kRetry403},
    {"http_404", kRetry404},
    {"http_429", kRetry429},
    {"non_idempotent", kRetryNonIdempotent},
    {"off", kRetryOff},
});

// The original's expression: condition names, each followed by at most one blank. It lets names stand without a blank
// between them, which its proxy then refuses (spec 0.5).
bool is_condition_list(std::string_view value) {
  if (value.empty()) return false;
  while (!value.empty()) {
    std::size_t length = 0;
    for (const auto& [name, bit] : kConditions) {
      if (value.substr(0, name.size()) == name) length = name.size();
    }
    if (length == 0) return false;
    value.remove_prefix(length);
    if (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  }
  return true;
}

Syntax condition_list() {
  return {
      "blank-separated list of error timeout invalid_header http_500 http_502 http_503 http_504 http_403 http_404 "
      "http_429 non_idempotent off",
      is_condition_list};
}

// The annotation to blame: the named one, else the one that made the ConfigMap's value impossible.
std::string_view culprit(const SetView& view, std::string_view key) {
  if (view.value(key)) return key;
  return view.value("proxy-buffer-size") ? "proxy-buffer-size" : "proxy-buffers-number";
}

// Cross-field rules (spec 0.5 and 1.6), on the values in force.
void check_sizes(SetView& view) {
  ProxyPolicy& policy = view.into.proxy;
  if (policy.busy_buffers_size != 0) {
    const std::uint64_t all_but_one = policy.buffer_size * static_cast<std::uint64_t>(policy.buffers_number - 1);
    if (policy.busy_buffers_size < policy.buffer_size || policy.busy_buffers_size >= all_but_one) {
      view.deny(culprit(view, "proxy-busy-buffers-size"),
                "does not fit: proxy-busy-buffers-size must be at least proxy-buffer-size, and below "
                "(proxy-buffers-number - 1) times proxy-buffer-size");
    }
  }
  if (policy.max_temp_file_size != 0 && policy.max_temp_file_size < policy.buffer_size) {
    view.deny(culprit(view, "proxy-max-temp-file-size"),
              "does not fit: proxy-max-temp-file-size must be 0 or at least proxy-buffer-size");
  }
}

// proxy-body-size and client-body-buffer-size: what passes the validator and is still no size is not applied at all
// (spec 1.6). The value stays what it was; only an overflow denies.
std::optional<std::string> read_or_skip(std::string_view value, std::string_view units, std::uint64_t& into) {
  const bool plain =
      base::is_size_syntax(value) &&
      (base::is_digit(value.back()) || units.find(base::to_lower(value.back())) != std::string_view::npos);
  if (!plain) return std::nullopt;
  return rows::read(value, into);
}

bool is_skipped(std::string_view value, std::string_view units) {
  return !base::is_size_syntax(value) ||
         (!base::is_digit(value.back()) && units.find(base::to_lower(value.back())) == std::string_view::npos);
}

constexpr std::string_view kBodyUnits = "kmg";
constexpr std::string_view kBufferUnits = "km";

template <class Value>
Spec proxy_spec(std::string_view key, Value ProxyPolicy::*member, std::string_view doc) {
  return spec(key, field(&Policies::proxy, member), Scope::location, OnInvalid::use_default, doc).settings(key);
}

Spec on_off(std::string_view key, bool ProxyPolicy::*member, std::string_view doc) {
  return switch_spec(key, field(&Policies::proxy, member), Scope::location, OnInvalid::use_default, doc).settings(key);
}

std::optional<std::string> read_connection(std::string_view value, Policies& into) {
  into.proxy.connection_close = value == "close";
  into.proxy.connection_keep_alive = value == "keep-alive";
  return std::nullopt;
}

std::string connection_text(const Policies& from) {
  return from.proxy.connection_close ? "close" : from.proxy.connection_keep_alive ? "keep-alive" : "";
}

}  // namespace

std::optional<std::uint32_t> parse_next_upstream(std::string_view text) {
  std::uint32_t out = 0;
  for (const std::string& word : base::split_list(text, ' ')) {
    std::uint32_t bit = 0;
    for (const auto& [name, value] : kConditions) {
      if (word == name) bit = value;
    }
    if (bit == 0) return std::nullopt;
    out |= bit;
  }
  if (out == 0) return std::nullopt;
  return out;
}

std::string next_upstream_text(std::uint32_t conditions) {
  std::vector<std::string> out;
  for (const auto& [name, bit] : kConditions) {
    if ((conditions & bit) != 0) out.emplace_back(name);
  }
  return base::join(out, " ");
}

AnnotationSet proxy_annotations() {
  return annotation_set(
      "proxy", "Proxy",
      {
          proxy_spec("proxy-connect-timeout", &ProxyPolicy::connect_timeout, "Time to connect to an endpoint."),
          proxy_spec("proxy-send-timeout", &ProxyPolicy::send_timeout,
                     "Longest gap between two writes to the upstream."),
          proxy_spec("proxy-read-timeout", &ProxyPolicy::read_timeout,
                     "Longest gap between two reads from the upstream."),
          Spec("proxy-next-upstream", Support::exact, condition_list(), Scope::location, OnInvalid::use_default,
               "When a request is tried again on the next endpoint.")
              .risk(RiskLevel::medium)
              .settings("proxy-next-upstream")
              .unusable(OnInvalid::deny_location)
              .apply([](std::string_view value, Policies& into) -> std::optional<std::string> {
                const auto conditions = parse_next_upstream(value);
                if (!conditions) return "has conditions that are not separated by blanks";
                into.proxy.next_upstream = *conditions;
                return std::nullopt;
              })
              .print([](const Policies& from) { return next_upstream_text(from.proxy.next_upstream); }),
          proxy_spec("proxy-next-upstream-timeout", &ProxyPolicy::next_upstream_timeout,
                     "Time budget of all tries together; 0 is no limit."),
          proxy_spec("proxy-next-upstream-tries", &ProxyPolicy::next_upstream_tries, "Tries in all; 0 is no limit."),
          Spec("proxy-body-size", Support::exact, syntax::size(), Scope::location, OnInvalid::use_default,
               "Largest request body, 413 above; 0 is no limit.")
              .risk(RiskLevel::medium)
              .settings("proxy-body-size")
              .unusable(OnInvalid::deny_location)
              .apply([](std::string_view value, Policies& into) {
                return read_or_skip(value, kBodyUnits, into.proxy.body_size);
              })
              .print([](const Policies& from) { return base::size_text(from.proxy.body_size); }),
          Spec("client-body-buffer-size", Support::exact, syntax::size(), Scope::location, OnInvalid::refuse_object,
               "Part of a request body that is kept in memory; the rest goes to a temporary file.")
              .group("ClientBodyBufferSize")
              .settings("client-body-buffer-size")
              .unusable(OnInvalid::deny_location)
              .apply([](std::string_view value, Policies& into) {
                return read_or_skip(value, kBufferUnits, into.proxy.client_body_buffer_size);
              })
              .print([](const Policies& from) { return base::size_text(from.proxy.client_body_buffer_size); }),
          on_off("proxy-request-buffering", &ProxyPolicy::request_buffering,
                 "Reads the request body before connecting; off streams it, without a retry after its first byte."),
          on_off("proxy-buffering", &ProxyPolicy::buffering, "Buffers responses."),
          proxy_spec("proxy-buffers-number", &ProxyPolicy::buffers_number,
                     "Response buffers, at least 2, each of proxy-buffer-size.")
              .check([](std::string_view value) -> std::optional<std::string> {
                if (base::parse_int(value).value_or(0) < 2) return "is below 2";
                return std::nullopt;
              }),
          proxy_spec("proxy-buffer-size", &ProxyPolicy::buffer_size,
                     "Buffer of the response head; a larger head gives 502.")
              .check([](std::string_view value) -> std::optional<std::string> {
                if (base::parse_size(value) == std::uint64_t{0}) return "is 0";
                return std::nullopt;
              }),
          proxy_spec("proxy-busy-buffers-size", &ProxyPolicy::busy_buffers_size,
                     "Checked against the other sizes; the relay has no busy buffers.")
              .support(Support::noop),
          proxy_spec("proxy-max-temp-file-size", &ProxyPolicy::max_temp_file_size,
                     "Checked against the other sizes; responses that are read ahead stay in memory.")
              .support(Support::noop)
              .asks([](std::string_view value) { return value != "0"; }),
          Spec("proxy-http-version", Support::exact, syntax::one_of("1.0 or 1.1", {"1.0", "1.1"}), Scope::location,
               OnInvalid::use_default, "HTTP version spoken to the upstream.")
              .settings("proxy-http-version")
              .apply([](std::string_view value, Policies& into) -> std::optional<std::string> {
                if (value != "1.0" && value != "1.1") return "is neither 1.0 nor 1.1";
                into.proxy.http_1_0 = value == "1.0";
                return std::nullopt;
              })
              .print([](const Policies& from) { return std::string(from.proxy.http_1_0 ? "1.0" : "1.1"); }),
          Spec("connection-proxy-header", Support::exact, syntax::word("close or keep-alive", {"close", "keep-alive"}),
               Scope::location, OnInvalid::refuse_object, "Replaces the Connection header sent to the upstream.")
              .group("Connection")
              .apply(read_connection)
              .print(connection_text),
      },
      [](SetView& view) {
        const auto size = view.value("proxy-body-size");
        if (size && is_skipped(*size, kBodyUnits)) {
          view.fall_back("proxy-body-size", "is no size: write digits with an optional k, m or g; it is not applied");
        }
        const auto buffer = view.value("client-body-buffer-size");
        if (buffer && is_skipped(*buffer, kBufferUnits)) {
          view.fall_back("client-body-buffer-size",
                         "is no size here: write digits with an optional k or m; it is not applied");
        }
        check_sizes(view);
      });
}

}  // namespace weir::features
