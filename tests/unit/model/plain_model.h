// A Model whose hosts and backends are plain values, to be put together and changed step by step in tests.
#pragma once

#include "weir/model/model.h"

#include <memory>
#include <string>
#include <vector>

namespace weir::model {

struct PlainModel {
  std::shared_ptr<const features::Settings> settings;
  std::vector<Host> hosts;  // sorted by name, like everything in a Model
  std::vector<Backend> backends;
  std::string default_backend;
  std::shared_ptr<const kube::Secret> default_certificate;

  operator Model() const {
    Model model;
    model.settings = settings;
    for (const Host& host : hosts) model.hosts.push_back(std::make_shared<const Host>(host));
    for (const Backend& backend : backends) model.backends.push_back(std::make_shared<const Backend>(backend));
    model.default_backend = default_backend;
    model.default_certificate = default_certificate;
    return model;
  }
};

// The values behind the pointers, for comparisons of whole models.
template <class T>
std::vector<T> values(const std::vector<std::shared_ptr<const T>>& pointers) {
  std::vector<T> all;
  for (const auto& pointer : pointers) all.push_back(*pointer);
  return all;
}

}  // namespace weir::model
