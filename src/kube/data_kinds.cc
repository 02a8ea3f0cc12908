#include "kube/kinds.h"

#include "weir/kube/base64.h"

#include <utility>

namespace weir::kube {
namespace {

constexpr std::size_t kMaxData = 1u << 20;  // an API server takes no more in one Secret or ConfigMap

void check_size(const std::map<std::string, std::string>& data, const Field& field) {
  std::size_t total = 0;
  for (const auto& [key, value] : data) total += value.size();
  if (total > kMaxData) field.fail("holds more than 1 MiB");
}

}  // namespace

std::shared_ptr<const Secret> read_secret(const Field& root, Context& context) {
  auto secret = std::make_shared<Secret>();
  secret->type = root["type"].text();
  if (secret->type.empty()) secret->type = "Opaque";
  root["data"].each_member([&](const std::string& key, const Field& value) {
    auto bytes = decode_base64(value.text());
    if (!bytes) value.fail("is not base64; encode the value or move it to stringData");
    secret->data.insert_or_assign(key, std::move(*bytes));
  });
  for (auto& [key, text] : root["stringData"].texts()) secret->data.insert_or_assign(key, text);
  check_size(secret->data, root["data"]);
  secret->meta = std::move(context.meta);
  return secret;
}

std::shared_ptr<const ConfigMap> read_config_map(const Field& root, Context& context) {
  auto config_map = std::make_shared<ConfigMap>();
  config_map->data = root["data"].texts();
  check_size(config_map->data, root["data"]);
  config_map->meta = std::move(context.meta);
  return config_map;
}

}  // namespace weir::kube
