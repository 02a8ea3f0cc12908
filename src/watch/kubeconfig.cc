#include "watch/kubeconfig.h"

#include "watch/json_member.h"
#include "watch/yaml_json.h"
#include "weir/base/ascii.h"
#include "weir/kube/base64.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace weir::watch {
namespace {

using nlohmann::json;

struct Source {
  std::string file;
  json document;
};

// Numbers too: nobody quotes them in YAML.
std::string text(const json& value) {
  return value.is_number_integer() ? std::to_string(value.get<std::int64_t>()) : text_of(value);
}

bool flag(const json& value) {
  return value.is_boolean() && value.get<bool>();
}

// A named entry of one of the lists ("clusters", "users", "contexts") and the file it is in.
struct Entry {
  const json* value = nullptr;
  const Source* source = nullptr;
};

Entry find(const std::vector<Source>& sources, const char* list, const char* key, const std::string& name) {
  for (const Source& source : sources) {
    const json& entries = member(source.document, list);
    if (!entries.is_array()) continue;
    for (const json& entry : entries) {
      if (text(member(entry, "name")) == name) return {&member(entry, key), &source};
    }
  }
  return {};
}

std::string path_of(const Entry& entry, const char* key) {
  std::string path = text(member(*entry.value, key));
  if (path.empty() || path.front() == '/') return path;
  return (std::filesystem::path(entry.source->file).parent_path() / path).lexically_normal().string();
}

// A "...-data" field, which is PEM in base64.
base::Result<std::string> data_of(const Entry& entry, const char* key) {
  const std::string encoded = text(member(*entry.value, key));
  if (encoded.empty()) return std::string();
  auto decoded = kube::decode_base64(encoded);
  if (!decoded) return base::fail(entry.source->file + ": " + key + " is no base64");
  return std::move(*decoded);
}

base::Result<Source> read_source(const std::string& file) {
  auto content = read_small_file(file);
  if (!content) return content.error();
  const auto documents = yaml_to_json_documents(*content);
  if (!documents) {
    return base::fail(file + ":" + std::to_string(documents.error().code()) + ": " + documents.error().text());
  }
  if (documents->empty()) return Source{file, json::object()};
  const JsonDocument& first = documents->front();
  if (!first.error.empty()) return base::fail(file + ":" + std::to_string(first.line) + ": " + first.error);
  Source source{file, json::parse(first.json, nullptr, false)};
  if (!source.document.is_object()) return base::fail(file + ": this is no kubeconfig: no mapping at the top level");
  const std::string kind = text(member(source.document, "kind"));
  if (!kind.empty() && kind != "Config") return base::fail(file + ": this is no kubeconfig: its kind is " + kind);
  return source;
}

base::Result<void> read_cluster(const Entry& entry, bool allow_insecure, ApiConfig& config) {
  const json& cluster = *entry.value;
  const std::string& file = entry.source->file;
  if (auto set = set_server(config, text(member(cluster, "server")), file + ": server"); !set) return set;
  if (!text(member(cluster, "proxy-url")).empty()) {
    return base::fail(file + ": proxy-url: proxies towards the API server are not supported; remove it");
  }
  config.server_name = text(member(cluster, "tls-server-name"));
  auto ca = data_of(entry, "certificate-authority-data");
  if (!ca) return ca.error();
  config.ca_pem = std::move(*ca);
  if (config.ca_pem.empty()) config.ca_file = path_of(entry, "certificate-authority");
  if (!flag(member(cluster, "insecure-skip-tls-verify"))) return {};
  if (!allow_insecure) {
    return base::fail(file +
                      ": insecure-skip-tls-verify: whoever is in between could say what is served; set "
                      "certificate-authority instead, or start with --allow-insecure-kubeconfig");
  }
  config.insecure = true;
  return {};
}

base::Result<ExecPlugin> read_exec(const Entry& entry, const json& exec) {
  const std::string& file = entry.source->file;
  ExecPlugin plugin;
  plugin.api_version = text(member(exec, "apiVersion"));
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return base::fail(file + ": exec.apiVersion: client.authentication.k8s.io/v1 and v1beta1 are known, this is \"" +
                      plugin.api_version + "\"");
  }
  plugin.command = text(member(exec, "command"));
  if (plugin.command.empty()) return base::fail(file + ": exec.command is missing");
  // As kubectl does: a command with a "/" is a path, from the folder of the file; others are looked for in PATH.
  if (plugin.command.find('/') != std::string::npos) {
    const std::filesystem::path path(plugin.command);
    if (path.is_relative()) plugin.command = (std::filesystem::path(file).parent_path() / path).string();
  }
  const json& arguments = member(exec, "args");
  if (arguments.is_array()) {
    for (const json& argument : arguments) plugin.arguments.push_back(text(argument));
  }
  const json& environment = member(exec, "env");
  if (environment.is_array()) {
    for (const json& variable : environment) {
      plugin.environment.emplace_back(text(member(variable, "name")), text(member(variable, "value")));
    }
  }
  if (text(member(exec, "interactiveMode")) == "Always") {
    return base::fail(file + ": exec.interactiveMode: Always needs a terminal; a daemon has none");
  }
  plugin.provide_cluster_info = flag(member(exec, "provideClusterInfo"));
  plugin.install_hint = text(member(exec, "installHint"));
  return plugin;
}

base::Result<void> read_user(const Entry& entry, ApiConfig& config) {
  const json& user = *entry.value;
  const std::string& file = entry.source->file;
  if (!member(user, "auth-provider").is_null()) {
    return base::fail(file + ": auth-provider was removed from Kubernetes; use exec");
  }
  if (!text(member(user, "as")).empty()) return base::fail(file + ": \"as\" (impersonation) is not supported");
  auto cert = data_of(entry, "client-certificate-data");
  if (!cert) return cert.error();
  auto key = data_of(entry, "client-key-data");
  if (!key) return key.error();
  config.client_cert = std::move(*cert);
  config.client_key = std::move(*key);
  if (config.client_cert.empty()) config.client_cert_file = path_of(entry, "client-certificate");
  if (config.client_key.empty()) config.client_key_file = path_of(entry, "client-key");
  const bool has_cert = !config.client_cert.empty() || !config.client_cert_file.empty();
  const bool has_key = !config.client_key.empty() || !config.client_key_file.empty();
  if (has_cert != has_key) return base::fail(file + ": a client certificate needs its key and the other way round");
  config.token = std::string(base::trim(text(member(user, "token"))));
  config.token_file = path_of(entry, "tokenFile");
  config.username = text(member(user, "username"));
  config.password = text(member(user, "password"));
  if (const json& exec = member(user, "exec"); exec.is_object()) {
    auto plugin = read_exec(entry, exec);
    if (!plugin) return plugin.error();
    config.exec = std::move(*plugin);
  }
  if (!config.username.empty() && (!config.token.empty() || !config.token_file.empty())) {
    return base::fail(file + ": a user has a token or a password, not both");
  }
  return {};
}

}  // namespace

base::Result<std::string> read_small_file(const std::string& path) {
  constexpr std::size_t kMaxFile = 1u << 20;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return base::fail("open " + path + ": " + std::system_category().message(errno), errno);
  std::string content(kMaxFile + 1, '\0');
  std::size_t size = 0;
  ssize_t count = 0;
  while (size < content.size() && (count = ::read(fd, content.data() + size, content.size() - size)) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    size += static_cast<std::size_t>(count);
  }
  const int error = count < 0 ? errno : 0;
  ::close(fd);
  if (error != 0) return base::fail("read " + path + ": " + std::system_category().message(error), error);
  if (size > kMaxFile) return base::fail("read " + path + ": it is longer than 1 MiB");
  content.resize(size);
  return content;
}

base::Result<void> set_server(ApiConfig& config, const std::string& url, const std::string& what) {
  const auto refuse = [&](const std::string& why) { return base::fail(what + " \"" + url + "\": " + why); };
  std::string_view rest = url;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    const std::string name = base::to_lower(rest.substr(0, scheme));
    if (name != "http" && name != "https") return refuse("must start with https:// or http://");
    config.tls = name == "https";
    rest.remove_prefix(scheme + 3);
  } else {
    config.tls = false;  // as kubectl reads an address alone
  }
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  config.base_path = slash == std::string_view::npos ? "" : std::string(rest.substr(slash));
  while (config.base_path.ends_with('/')) config.base_path.pop_back();
  for (const char c : config.base_path) {
    if (c <= ' ' || c > '~' || c == '?' || c == '#') return refuse("has characters that no path may have");
  }
  if (authority.find('@') != std::string_view::npos) return refuse("names a user; credentials belong elsewhere");
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return refuse("lacks a \"]\"");
    config.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return refuse("has something other than a port after \"]\"");
  } else {
    const std::size_t colon = authority.find(':');
    config.host = authority.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  if (config.host.empty()) return refuse("names no host");
  for (const char c : config.host) {
    if (c <= ' ' || c > '~') return refuse("has characters that no host name may have");
  }
  config.port = config.tls ? 443 : 80;
  if (port.size() > 1) {
    port.remove_prefix(1);
    int number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535) {
      return refuse("has no port between 1 and 65535");
    }
    config.port = static_cast<std::uint16_t>(number);
  }
  return {};
}

base::Result<ApiConfig> load_kubeconfig(const std::vector<std::string>& files, const std::string& context,
                                        bool missing_is_fine, bool allow_insecure) {
  std::vector<Source> sources;
  std::string names;
  for (const std::string& file : files) {
    auto source = read_source(file);
    if (!source && source.error().code() == ENOENT && missing_is_fine) continue;
    if (!source) return source.error();
    sources.push_back(std::move(*source));
    names += (names.empty() ? "" : ", ") + file;
  }
  if (sources.empty()) return base::fail("none of the kubeconfig files exists: " + base::join(files, ", "));
  std::string wanted = context;
  for (std::size_t i = 0; i < sources.size() && wanted.empty(); ++i) {
    wanted = text(member(sources[i].document, "current-context"));
  }
  if (wanted.empty()) return base::fail(names + ": current-context is not set; set it or name a context");
  const Entry chosen = find(sources, "contexts", "context", wanted);
  if (!chosen.value) return base::fail(names + ": there is no context \"" + wanted + "\"");

  ApiConfig config;
  config.source = "context " + wanted + " of " + names;
  config.ns = text(member(*chosen.value, "namespace"));
  const std::string cluster_name = text(member(*chosen.value, "cluster"));
  const Entry cluster = find(sources, "clusters", "cluster", cluster_name);
  if (!cluster.value) return base::fail(names + ": there is no cluster \"" + cluster_name + "\"");
  if (const auto read = read_cluster(cluster, allow_insecure, config); !read) return read.error();
  const std::string user_name = text(member(*chosen.value, "user"));
  if (user_name.empty()) return config;
  const Entry user = find(sources, "users", "user", user_name);
  if (!user.value) return base::fail(names + ": there is no user \"" + user_name + "\"");
  if (const auto read = read_user(user, config); !read) return read.error();
  return config;
}

}  // namespace weir::watch
