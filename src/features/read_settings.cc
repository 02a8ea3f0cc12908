#include "features/setting_spec.h"
#include "weir/base/ascii.h"
#include "weir/base/cidr.h"
#include "weir/features/settings_table.h"

#include <utility>
#include <vector>

namespace weir::features {
namespace {

std::vector<std::string_view> known_keys() {
  std::vector<std::string_view> out;
  for (const SettingRow& row : settings_table()) out.push_back(row.key);
  return out;
}

// Values of secrets and long texts do not belong into messages.
std::string quoted(const SettingRow& row, std::string_view value) {
  if (!row.print) return "value";
  constexpr std::size_t kLongest = 80;
  std::string out = "value \"";
  for (const char c : value.substr(0, kLongest)) out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  if (value.size() > kLongest) out += "...";
  return out + "\"";
}

// Does a key without effect ask for something else than what happens anyway?
bool asks(const SettingRow& row, std::string_view value) {
  if (row.asks) return row.asks(value);
  if (value.empty() || value == row.default_text) return false;
  const std::optional<bool> wanted = base::parse_bool(value);
  return !wanted || wanted != base::parse_bool(row.default_text);
}

class Reader {
 public:
  explicit Reader(const base::ObjectRef& object) : object_(object) {}

  SettingsResult read(const std::map<std::string, std::string>& data) {
    if (const auto everyone = base::parse_cidr("0.0.0.0/0")) result_.settings.proxy_real_ip_cidr = {*everyone};
    set_default_types(result_.settings.compression);
    result_.settings.status_page_clients = base::parse_cidr_set("127.0.0.1,::1").set;
    for (const auto& [key, value] : data) {
      if (find_setting(key) == nullptr) say_unknown(key);
    }
    // In the order of the table, because some keys override others (http-access-log-path).
    for (const SettingRow& row : settings_table()) {
      if (const auto found = data.find(std::string(row.key)); found != data.end()) read_row(row, found->second);
    }
    check_sizes();
    // The other keys of global-auth are of use together with its URL only (spec 4.1).
    if (!result_.settings.defaults.external_auth.on()) result_.settings.defaults.external_auth = {};
    return std::move(result_);
  }

 private:
  void say(base::Severity severity, std::string_view code, std::string_view key, std::string text) {
    base::Diagnostic out;
    out.severity = severity;
    out.code = code;
    out.object = object_;
    out.key = key;
    out.text = std::move(text);
    result_.diagnostics.push_back(std::move(out));
  }

  void warn(std::string_view code, std::string_view key, std::string text) {
    say(base::Severity::warning, code, key, std::move(text));
  }

  void say_unknown(std::string_view key) {
    std::string text = "is not known and has no effect";
    const std::string_view nearest = base::nearest(key, known_keys());
    if (!nearest.empty()) text += "; did you mean " + std::string(nearest) + "?";
    warn("setting-unknown", key, std::move(text));
  }

  void read_row(const SettingRow& row, std::string_view written) {
    const std::string_view value = base::trim(written);
    if (row.apply) {
      if (const auto problem = row.apply(value, result_.settings)) {
        std::string text = quoted(row, value) + " " + *problem;
        if (problem->find(';') == std::string::npos) text += "; the default is used";
        warn("setting-invalid", row.key, std::move(text));
        return;
      }
    }
    switch (row.support) {
      case Support::exact:
        result_.used.emplace(row.key, written);
        return;
      case Support::noop:
        if (asks(row, value)) {
          say(base::Severity::info, "setting-noop", row.key, "is accepted and has no effect: " + std::string(row.doc));
        }
        return;
      case Support::refused:
        if (!value.empty()) {
          warn("setting-refused", row.key, "is raw text for another server and never used");
        }
        return;
      case Support::planned:
        if (asks(row, value)) say_planned(row);
        return;
    }
  }

  void say_planned(const SettingRow& row) {
    if (!row.protects) {
      warn("setting-planned", row.key, "is not implemented yet and has no effect");
      return;
    }
    const std::string reason = std::string(row.key) + "-planned";
    warn("setting-denies", row.key, "is not implemented yet; everything answers 503 (" + reason + ")");
    if (result_.settings.deny_all_reason.empty()) result_.settings.deny_all_reason = reason;
  }

  // What the original's proxy refuses as a combination (spec 0.5) falls back to the defaults.
  void check_sizes() {
    ProxyPolicy& proxy = result_.settings.defaults.proxy;
    if (proxy.busy_buffers_size != 0) {
      const std::uint64_t all_but_one = proxy.buffer_size * static_cast<std::uint64_t>(proxy.buffers_number - 1);
      if (proxy.busy_buffers_size < proxy.buffer_size || proxy.busy_buffers_size >= all_but_one) {
        proxy.busy_buffers_size = 0;
        warn("setting-invalid", "proxy-busy-buffers-size",
             "must be at least proxy-buffer-size, and below (proxy-buffers-number - 1) times proxy-buffer-size; "
             "the default is used");
      }
    }
    if (proxy.max_temp_file_size == 0 || proxy.max_temp_file_size >= proxy.buffer_size) return;
    const ProxyPolicy standard;
    if (standard.max_temp_file_size >= proxy.buffer_size) {
      proxy.max_temp_file_size = standard.max_temp_file_size;
    } else {
      proxy.buffer_size = standard.buffer_size;
      proxy.max_temp_file_size = standard.max_temp_file_size;
    }
    result_.used.erase("proxy-max-temp-file-size");
    warn("setting-invalid", "proxy-max-temp-file-size", "must be 0 or at least proxy-buffer-size; the default is used");
  }

  const base::ObjectRef& object_;
  SettingsResult result_;
};

}  // namespace

SettingsResult read_settings(const std::map<std::string, std::string>& data, const base::ObjectRef& object) {
  return Reader(object).read(data);
}

}  // namespace weir::features
