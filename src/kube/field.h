// Field: one place of a JSON document, with its path for messages. Reading it as the wrong type throws FieldError,
// which decode() turns into a Problem: the only exception in this module, and it never leaves it. A null value is an
// absent field. Lifetime: the document must outlive the Field.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weir::kube {

struct FieldError {
  std::string field;
  std::string text;
};

class Field {
 public:
  // `value` may be null: an absent field.
  Field(const nlohmann::json* value, std::string path);

  bool present() const { return json_ != nullptr; }
  const std::string& path() const { return path_; }
  const nlohmann::json* value() const { return json_; }

  // A member; absent when this field is absent. Throws when this field is no object.
  Field operator[](std::string_view key) const;

  std::string text() const;  // empty when absent
  std::optional<std::string> optional_text() const;
  std::optional<bool> flag() const;
  std::optional<std::int64_t> integer() const;
  std::optional<int> port() const;                     // 1..65535
  std::optional<std::string> integer_or_text() const;  // Kubernetes' IntOrString, as text
  bool is_number() const;

  // Calls `visit` for each element; an absent field has none. Null elements are visited as absent fields.
  void each(const std::function<void(const Field&)>& visit) const;
  // Calls `visit(key, value)` for each member of an object.
  void each_member(const std::function<void(const std::string&, const Field&)>& visit) const;
  // An object of strings; a null value is the empty string, as Kubernetes reads it.
  std::map<std::string, std::string> texts() const;

  [[noreturn]] void fail(std::string text) const;
  [[noreturn]] void fail_type(std::string_view expected) const;

 private:
  const nlohmann::json* json_;
  std::string path_;
};

}  // namespace weir::kube
