#include "kube/field.h"

#include "weir/base/ascii.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir::kube {
namespace {

using nlohmann::json;

const char* type_name(const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "a list";
    case json::value_t::string:
      return "a string";
    case json::value_t::boolean:
      return "a boolean";
    case json::value_t::null:
      return "null";
    default:
      return "a number";
  }
}

// "metadata.annotations[a.b/c]": keys that are no plain words are put in brackets, so that paths stay readable. Long
// and unprintable ones are cut, because the path goes into logs.
std::string member_path(const std::string& parent, std::string_view key) {
  constexpr std::size_t kMaxShown = 120;
  const bool word = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return base::is_alnum(c); });
  if (word && key.size() <= kMaxShown) return parent.empty() ? std::string(key) : parent + "." + std::string(key);
  std::string shown;
  for (char c : key.substr(0, kMaxShown)) shown += c < ' ' || c > '~' ? '?' : c;
  if (key.size() > kMaxShown) shown += "...";
  return parent + "[" + shown + "]";
}

}  // namespace

Field::Field(const json* value, std::string path) : json_(value), path_(std::move(path)) {
  if (json_ != nullptr && json_->is_null()) json_ = nullptr;
}

Field Field::operator[](std::string_view key) const {
  const json* member = nullptr;
  if (json_ != nullptr) {
    if (!json_->is_object()) fail_type("an object");
    const auto it = json_->find(key);
    if (it != json_->end()) member = &*it;
  }
  return Field(member, member_path(path_, key));
}

std::optional<std::string> Field::optional_text() const {
  if (json_ == nullptr) return std::nullopt;
  if (!json_->is_string()) fail_type("a string");
  return json_->get_ref<const std::string&>();
}

std::string Field::text() const {
  return optional_text().value_or(std::string());
}

std::optional<bool> Field::flag() const {
  if (json_ == nullptr) return std::nullopt;
  if (!json_->is_boolean()) fail_type("true or false");
  return json_->get<bool>();
}

std::optional<std::int64_t> Field::integer() const {
  if (json_ == nullptr) return std::nullopt;
  if (!json_->is_number_integer()) fail_type("a whole number");
  if (json_->is_number_unsigned() && json_->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    fail("the number is too large");
  }
  return json_->get<std::int64_t>();
}

std::optional<int> Field::port() const {
  const auto number = integer();
  if (!number) return std::nullopt;
  if (*number < 1 || *number > 65535) fail("port " + std::to_string(*number) + " is not within 1 to 65535");
  return static_cast<int>(*number);
}

std::optional<std::string> Field::integer_or_text() const {
  if (json_ == nullptr) return std::nullopt;
  if (json_->is_string()) return text();
  if (!json_->is_number_integer()) fail_type("a whole number or a string");
  return std::to_string(integer().value());
}

bool Field::is_number() const {
  return json_ != nullptr && json_->is_number();
}

void Field::each(const std::function<void(const Field&)>& visit) const {
  if (json_ == nullptr) return;
  if (!json_->is_array()) fail_type("a list");
  std::size_t index = 0;
  for (const json& element : *json_) visit(Field(&element, path_ + "[" + std::to_string(index++) + "]"));
}

void Field::each_member(const std::function<void(const std::string&, const Field&)>& visit) const {
  if (json_ == nullptr) return;
  if (!json_->is_object()) fail_type("an object");
  for (const auto& [key, value] : json_->items()) visit(key, Field(&value, member_path(path_, key)));
}

std::map<std::string, std::string> Field::texts() const {
  std::map<std::string, std::string> all;
  each_member([&all](const std::string& key, const Field& value) { all.emplace(key, value.text()); });
  return all;
}

void Field::fail(std::string text) const {
  throw FieldError{path_, std::move(text)};
}

void Field::fail_type(std::string_view expected) const {
  std::string text = "expected " + std::string(expected) + ", found " + type_name(*json_);
  if (expected == "a string" && json_->is_primitive()) text += "; put the value in quotes";
  if (json_->is_string() && expected != "an object" && expected != "a list") text += "; remove the quotes";
  fail(std::move(text));
}

}  // namespace weir::kube
