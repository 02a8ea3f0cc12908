// ConfigMap keys of spec 6.3: compression of responses.
#include "features/setting_spec.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::features {
namespace {

constexpr std::string_view kTypes =
    "application/atom+xml application/javascript application/x-javascript application/json application/rss+xml "
    "application/vnd.ms-fontobject application/x-font-ttf application/x-web-app-manifest+json application/xhtml+xml "
    "application/xml font/opentype image/svg+xml image/x-icon text/css text/javascript text/plain text/x-component";
constexpr std::string_view kBrotliTypes =
    "application/xml+rss application/atom+xml application/javascript application/x-javascript application/json "
    "application/rss+xml application/vnd.ms-fontobject application/x-font-ttf application/x-web-app-manifest+json "
    "application/xhtml+xml application/xml font/opentype image/svg+xml image/x-icon text/css text/javascript "
    "text/plain "
    "text/x-component";

using Member = CodingSettings CompressionSettings::*;

SettingSpec enabled(std::string_view key, Member coding, std::string_view doc) {
  return SettingSpec(key, Support::exact, "bool", "false", doc)
      .apply([coding](std::string_view value, Settings& into) -> std::optional<std::string> {
        const std::optional<bool> parsed = base::parse_bool(value);
        if (!parsed) return "is neither true nor false";
        (into.compression.*coding).enabled = *parsed;
        return std::nullopt;
      })
      .print([coding](const Settings& from) {
        return std::string((from.compression.*coding).enabled ? "true" : "false");
      });
}

SettingSpec level(std::string_view key, Member coding, int least, int most) {
  return SettingSpec(key, Support::exact, "number", "", "How hard it tries; higher is smaller and slower.")
      .apply([coding, least, most](std::string_view value, Settings& into) -> std::optional<std::string> {
        const std::int64_t parsed = base::parse_int(value).value_or(-1);
        if (parsed < least || parsed > most) {
          return "is not between " + std::to_string(least) + " and " + std::to_string(most);
        }
        (into.compression.*coding).level = static_cast<int>(parsed);
        return std::nullopt;
      })
      .print([coding](const Settings& from) { return std::to_string((from.compression.*coding).level); });
}

SettingSpec min_length(std::string_view key, Member coding) {
  return SettingSpec(key, Support::exact, "bytes", "", "Smallest response, by its Content-Length.")
      .apply([coding](std::string_view value, Settings& into) -> std::optional<std::string> {
        const std::int64_t parsed = base::parse_int(value).value_or(-1);
        if (parsed < 0) return "is no number of bytes";
        (into.compression.*coding).min_length = static_cast<std::uint64_t>(parsed);
        return std::nullopt;
      })
      .print([coding](const Settings& from) { return std::to_string((from.compression.*coding).min_length); });
}

std::vector<std::string> types_of(std::string_view text) {
  std::string list = base::to_lower(text);
  std::replace_if(
      list.begin(), list.end(), [](char c) { return c == ',' || c == '\t' || c == '\r' || c == '\n'; }, ' ');
  return base::split_list(list, ' ');
}

// RFC 6838 4.2; "*" stands for all types.
bool is_type(std::string_view text) {
  const auto is_name = [](std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return base::is_alnum(c) || std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
    });
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return text == "*";
  return is_name(text.substr(0, slash)) && is_name(text.substr(slash + 1));
}

// Nginx refuses its whole configuration with such text (spec 0.5); other words it takes, and they match nothing.
bool breaks_nginx(std::string_view text) {
  return text.find_first_of(";{}\"'\\") != std::string_view::npos;
}

std::optional<std::string> read_types(std::string_view value, std::vector<std::string>& into) {
  std::vector<std::string> types = types_of(value);
  if (types.empty()) return "is empty; the default is used";
  if (std::any_of(types.begin(), types.end(), breaks_nginx)) {
    return "is no list of types such as `text/css text/plain`; the default is used";
  }
  const auto wrong = std::stable_partition(types.begin(), types.end(), is_type);
  const std::string left_out = base::join({wrong, types.end()}, " ");
  types.erase(wrong, types.end());
  into = std::move(types);
  if (left_out.empty()) return std::nullopt;
  return "has `" + left_out + "`, which is no type such as `text/css`; it is left out";
}

SettingSpec types(std::string_view key, Member coding, std::string_view defaults) {
  return SettingSpec(key, Support::exact, "list of types", defaults, "Types that are compressed; text/html always is.")
      .apply([coding](std::string_view value, Settings& into) -> std::optional<std::string> {
        return read_types(value, (into.compression.*coding).types);
      })
      .print([coding](const Settings& from) { return base::join((from.compression.*coding).types, " "); });
}

}  // namespace

void set_default_types(CompressionSettings& settings) {
  settings.gzip.types = types_of(kTypes);
  settings.brotli.types = types_of(kBrotliTypes);
}

std::vector<SettingSpec> compression_settings() {
  constexpr Member kGzip = &CompressionSettings::gzip;
  constexpr Member kBrotli = &CompressionSettings::brotli;
  return {
      enabled("use-gzip", kGzip, "Compresses proxied responses with gzip, for HTTP/1.1 clients that name it."),
      level("gzip-level", kGzip, 1, 9),
      min_length("gzip-min-length", kGzip),
      SettingSpec("gzip-disable", Support::exact, "expression", "", "User-Agents that get no gzip.")
          .apply([](std::string_view value, Settings& into) -> std::optional<std::string> {
            into.compression.gzip_disable = value == "msie6" ? "MSIE [4-6]\\." : std::string(value);
            return std::nullopt;
          })
          .print([](const Settings& from) { return from.compression.gzip_disable; }),
      types("gzip-types", kGzip, kTypes),
      enabled("enable-brotli", kBrotli, "Compresses proxied responses with brotli; preferred to gzip."),
      level("brotli-level", kBrotli, 0, 11),
      min_length("brotli-min-length", kBrotli),
      types("brotli-types", kBrotli, kBrotliTypes),
  };
}

}  // namespace weir::features
