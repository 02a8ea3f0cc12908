// ConfigMap keys of spec 6.7: raw text and engine tuning.
#include "features/setting_spec.h"
#include "weir/base/ascii.h"
#include "weir/base/cidr_set.h"

namespace weir::features {
namespace {

constexpr std::int64_t kMostWorkers = 1024;

std::optional<std::string> read_workers(std::string_view value, Settings& into) {
  if (value == "auto") {
    into.workers = 0;
    return std::nullopt;
  }
  const std::optional<std::int64_t> count = base::parse_int(value);
  if (!count || *count < 1 || *count > kMostWorkers) return "is neither auto nor a number from 1 to 1024";
  into.workers = static_cast<unsigned>(*count);
  return std::nullopt;
}

std::optional<std::string> read_debugged(std::string_view value, Settings& into) {
  base::ParsedCidrSet parsed = base::parse_cidr_set(value);
  into.debug_connections = std::move(parsed.set);
  if (parsed.bad.empty()) return std::nullopt;
  return "has `" + parsed.bad + "`, which is neither an address nor a CIDR; it is left out";
}

SettingSpec tuning(std::string_view key, std::string_view type, std::string_view default_text) {
  return ignore_setting(key, type, default_text, "Tuning of the original's engine.");
}

SettingSpec without_effect(std::string_view key) {
  return ignore_setting(key, "text", "", "Has no effect in the original either; use the annotation.");
}

}  // namespace

std::vector<SettingSpec> engine_settings() {
  return {
      refuse_setting("main-snippet", "Raw directives of the main section."),
      refuse_setting("http-snippet", "Raw directives of the HTTP section."),
      refuse_setting("server-snippet", "Raw directives of every host."),
      refuse_setting("location-snippet", "Raw directives of every location."),
      refuse_setting("stream-snippet", "Raw directives of the stream section."),
      SettingSpec("worker-processes", Support::exact, "auto or a number", "auto",
                  "Worker threads; auto is one per CPU.")
          .restart()
          .apply(read_workers)
          .print([](const Settings& from) { return from.workers == 0 ? "auto" : std::to_string(from.workers); }),
      tuning("worker-cpu-affinity", "text", ""),
      time_setting("worker-shutdown-timeout", in_settings(&Settings::worker_shutdown_timeout),
                   "How long requests may go on after the listeners were closed."),
      tuning("enable-serial-reloads", "bool", "false"),
      tuning("max-worker-connections", "number", "16384"),
      tuning("max-worker-open-files", "number", "0"),
      tuning("enable-multi-accept", "bool", "true"),
      tuning("enable-aio-write", "bool", "true"),
      SettingSpec("debug-connections", Support::exact, "comma list of addresses and CIDRs", "",
                  "Peers whose requests are told in the controller's log: where they went, how it ended, the times. "
                  "Wrong items are left out.")
          .apply(read_debugged)
          .print([](const Settings& from) { return from.debug_connections.to_string(); }),
      tuning("map-hash-bucket-size", "number", "64"),
      tuning("server-name-hash-max-size", "number", "1024"),
      tuning("server-name-hash-bucket-size", "number", ""),
      tuning("proxy-headers-hash-max-size", "number", "512"),
      tuning("proxy-headers-hash-bucket-size", "number", "64"),
      tuning("variables-hash-bucket-size", "number", "256"),
      tuning("variables-hash-max-size", "number", "2048"),
      tuning("lua-shared-dicts", "list of name: size", ""),
      without_effect("app-root"),
      without_effect("upstream-hash-by"),
      without_effect("upstream-hash-by-subset"),
      without_effect("upstream-hash-by-subset-size"),
  };
}

}  // namespace weir::features
