// How a feature writes its rows of the annotation table: `spec` for rows that fill a policy member, `plan` and `ignore`
// for those that do not (yet), each one to three lines. Parsing, printing and the default follow from the member's
// type.
//
//   spec("ssl-redirect", field(&Policies::https_redirect, &HttpsRedirectPolicy::ssl_redirect), Scope::location,
//        OnInvalid::use_default, "...").settings("ssl-redirect")
//
// Included by src/features/<feature>/annotations.cc only. Pure; any thread.
#pragma once

#include "features/validators.h"
#include "weir/features/annotation_table.h"
#include "weir/features/variables.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir::features {

// A member of one feature's policy inside Policies.
template <class Feature, class Value>
struct Field {
  Feature Policies::*feature;
  Value Feature::*value;

  Value& operator()(Policies& policies) const { return policies.*feature.*value; }
  const Value& operator()(const Policies& policies) const { return policies.*feature.*value; }
};

template <class Feature, class Value>
constexpr Field<Feature, Value> field(Feature Policies::*feature, Value Feature::*value) {
  return {feature, value};
}

// A row under construction. The modifiers return the row, so that they can be chained.
class Spec {
 public:
  Spec(std::string_view key, Support support, const Syntax& syntax, Scope scope, OnInvalid on_invalid,
       std::string_view doc);

  Spec& group(std::string_view name);  // one row of another parser than the rest of the set
  Spec& risk(RiskLevel level);
  Spec& alias(std::string_view key);
  Spec& settings(std::string_view key);  // ConfigMap key that supplies the default
  Spec& default_text(std::string_view text);
  Spec& syntax(const Syntax& syntax);
  Spec& support(Support support);
  Spec& protects();  // planned: a value that asks for it closes the paths. Of a host: a bad value closes the host
  Spec& plan_values(std::vector<std::string_view> values);  // of an exact row: these are not implemented yet
  Spec& asks(Validate asks);
  Spec& asks_when_true();
  Spec& needs(std::string_view key);
  Spec& unless(std::string_view key);  // not even looked at where that key is present
  Spec& deprecated();
  Spec& unusable(OnInvalid reaction);
  Spec& empty(OnInvalid reaction);
  Spec& apply(Apply apply);
  Spec& print(Print print);
  // A further condition on the trimmed value; the text says what is wrong. The reaction is `unusable`'s.
  Spec& check(std::function<std::optional<std::string>(std::string_view)> check);
  // Interpolated text: an unknown variable makes the value unusable, with 503 (spec 0.5).
  Spec& check_variables();

  const AnnotationRow& row() const { return row_; }

 private:
  AnnotationRow row_;
};

// --- rows that fill a policy member -----------------------------------------------------------------------------

namespace rows {
std::optional<std::string> read(std::string_view value, bool& into);
std::optional<std::string> read(std::string_view value, std::string& into);
std::optional<std::string> read(std::string_view value, VariableText& into);
std::optional<std::string> read(std::string_view value, int& into);            // not negative
std::optional<std::string> read(std::string_view value, std::uint64_t& into);  // size in bytes
std::optional<std::string> read(std::string_view value,
                                std::chrono::milliseconds& into);  // whole seconds, not negative
std::string text(bool value);
std::string text(const std::string& value);
std::string text(const VariableText& value);
std::string text(int value);
std::string text(std::uint64_t value);
std::string text(std::chrono::milliseconds value);
Syntax syntax_of(bool);
Syntax syntax_of(const std::string&);
Syntax syntax_of(const VariableText&);
Syntax syntax_of(int);
Syntax syntax_of(std::uint64_t);
Syntax syntax_of(std::chrono::milliseconds);
}  // namespace rows

// Validator and parser by the member's type. Numbers that are out of bounds answer 503 (spec 0.5).
template <class Feature, class Value>
Spec spec(std::string_view key, Field<Feature, Value> member, Scope scope, OnInvalid on_invalid, std::string_view doc) {
  Spec out(key, Support::exact, rows::syntax_of(Value{}), scope, on_invalid, doc);
  out.unusable(OnInvalid::deny_location);
  out.apply([member](std::string_view value, Policies& into) { return rows::read(value, member(into)); });
  out.print([member](const Policies& from) { return rows::text(member(from)); });
  return out;
}

// "on" or "off" into a bool.
template <class Feature>
Spec switch_spec(std::string_view key, Field<Feature, bool> member, Scope scope, OnInvalid on_invalid,
                 std::string_view doc) {
  Spec out(key, Support::exact, syntax::one_of("on or off", {"on", "off"}), scope, on_invalid, doc);
  out.apply([member](std::string_view value, Policies& into) -> std::optional<std::string> {
    if (value != "on" && value != "off") return "is neither on nor off";
    member(into) = value == "on";
    return std::nullopt;
  });
  out.print([member](const Policies& from) { return std::string(member(from) ? "on" : "off"); });
  return out;
}

// --- rows that do not fill a policy -----------------------------------------------------------------------------

Spec plan(std::string_view key, const Syntax& syntax, Scope scope, OnInvalid on_invalid, std::string_view doc);
Spec ignore(std::string_view key, const Syntax& syntax, Scope scope, OnInvalid on_invalid, std::string_view doc);
// Raw text in another server's language: refused where the gates of spec 0.3 are open. Risk Critical.
Spec snippet(std::string_view key, std::string_view group, Scope scope, std::string_view doc);

// --- sets ---------------------------------------------------------------------------------------------------------

// What a set's cross-check sees after its rows were read, and how it reports. Lives only during the call.
class SetView {
 public:
  enum class Outcome { invalid, ignored, planned };
  struct Report {
    OnInvalid reaction = OnInvalid::use_default;
    Outcome outcome = Outcome::invalid;
    std::string_view key;
    std::string text;
  };

  explicit SetView(Policies& policies) : into(policies) {}

  Policies& into;

  // The trimmed value of an annotation that passed its checks; nullopt if absent, empty or refused.
  std::optional<std::string_view> value(std::string_view key) const;
  bool is_true(std::string_view key) const;
  bool is_rejected(std::string_view key) const { return rejected.count(key) != 0; }
  bool is_empty(std::string_view key) const { return empty.count(key) != 0; }

  void deny(std::string_view key, std::string text);        // 503
  void fall_back(std::string_view key, std::string text);   // DEF: the caller has put the default in place
  void drop_group(std::string_view key, std::string text);  // GRP: the policies of the set return to the defaults
  void planned(std::string_view key, std::string text);     // served, but not as written

  // Filled by the reader.
  std::map<std::string_view, std::string> values;
  std::set<std::string_view> rejected;
  std::set<std::string_view> empty;
  std::vector<Report> reports;
};

struct AnnotationSet {
  std::string_view feature;  // folder name
  std::vector<AnnotationRow> rows;
  std::function<void(SetView&)> finish;  // cross-field rules; may be empty
};

// `group`: the original's parser, named in the risk message (spec 0.3); a row may name its own.
AnnotationSet annotation_set(std::string_view feature, std::string_view group, const std::vector<Spec>& specs,
                             std::function<void(SetView&)> finish = {});

}  // namespace weir::features
