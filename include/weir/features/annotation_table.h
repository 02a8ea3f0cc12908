// The table of annotations: the one obvious place for each (CONTRIBUTING.md: "one more annotation"). From a row follow
// the known-key set, validation, what a bad value does, documentation (docs/annotations.md), `weir explain`'s printing
// and the list the meta tests walk. Pure; no clock, no logger; any thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/features/policies.h"
#include "weir/features/settings.h"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::features {

// exact: behaves as the original. noop: accepted, has no meaning in Weir, harmless. planned: not implemented yet; if it
// protects, its paths answer 503, else it is served with a warning. refused: never honoured; the reason is in `doc`.
enum class Support { exact, noop, planned, refused };
enum class Scope { location, host, upstream, global };
// Reaction to a refused value, codes of spec 0.3: ING, 503, DEF, GRP.
enum class OnInvalid { refuse_object, deny_location, use_default, drop_group };

// Reads one trimmed, validated value into the policies; returns a text when it still can't be used.
using Apply = std::function<std::optional<std::string>(std::string_view value, Policies& into)>;
// Checks the value as written (before trimming); true: acceptable. See features/validators.h.
using Validate = std::function<bool(std::string_view value)>;
// The effective value as text, for `explain` and docs.
using Print = std::function<std::string(const Policies&)>;

struct AnnotationRow {
  std::string_view key;    // without prefix
  std::string_view alias;  // other key read when `key` is empty or absent
  std::string_view group;  // parser name of the original, in the risk message (spec 0.3)
  Support support = Support::planned;
  Scope scope = Scope::location;
  RiskLevel risk = RiskLevel::low;
  OnInvalid on_invalid = OnInvalid::use_default;   // the validator refuses the value
  OnInvalid on_unusable = OnInvalid::use_default;  // the validator accepts it, `apply` can't use it (spec 0.5)
  OnInvalid on_empty = OnInvalid::use_default;     // present, but nothing is left after trimming
  bool protects = false;                           // planned + protects: a value that `asks` closes the paths with 503
  // Of an exact row: the values, in any case, that are planned all the same; `protects` is about these then.
  std::vector<std::string_view> planned_values;
  bool typed = false;             // bool or number: a refused value is never used, even without validation
  bool deprecated = false;        // the original's webhook warns about it
  std::string_view needs;         // key without which this one has no effect; empty: none
  std::string_view unless;        // key whose presence keeps this one from being read; empty: none
  std::string_view syntax;        // for docs: "bool", "comma list of CIDRs"
  std::string_view default_text;  // for docs
  std::string_view settings_key;  // ConfigMap key that supplies the default; empty: none
  std::string_view doc;           // one sentence
  Validate validate;              // empty: anything
  Validate asks;                  // does this value ask for the feature? empty: every value does
  Apply apply;                    // empty: no effect on policies by itself
  Print print;                    // empty: not printed
};

// What a (trimmed) value of this row is: the row's class, or planned where the value is one of planned_values.
Support support_of(const AnnotationRow& row, std::string_view value);

const char* to_string(Support support);
const char* to_string(Scope scope);
const char* to_string(RiskLevel risk);
const char* to_string(OnInvalid reaction);  // the codes of spec 0.3: "ING", "503", "DEF", "GRP"

// All rows, sorted by key. Built once on first use, then read-only.
std::span<const AnnotationRow> annotation_table();
// nullptr if unknown. `key` without prefix; finds aliases too.
const AnnotationRow* find_annotation(std::string_view key);

struct ReadOptions {
  std::string prefix = "nginx.ingress.kubernetes.io";
  bool validate = true;  // --enable-annotation-validation
};

// The outcome of reading one Ingress' annotations.
struct ReadResult {
  Policies policies;
  bool refused = false;  // ING: the object is not taken over
  std::string refused_text;
  // Key without prefix -> value as written, for the rows that took effect; an alias stands under its row's key.
  std::map<std::string, std::string> used;
  base::Diagnostics diagnostics;  // `object` is filled in
};

// Reads every annotation over `settings.defaults`; `annotations` is the object's whole map, keys with their prefix.
// Unknown keys with the prefix give a warning that names the nearest. Reading goes on after a refusal (ING), so that
// all mistakes of an object are named at once; of several refusals `refused_text` holds the first.
//
// Codes of diagnostics. error: annotation-refused, annotation-risky, annotation-snippet, annotation-prefix. warning:
// annotation-denies (503), annotation-invalid (DEF), annotation-ignored (GRP), annotation-empty, annotation-planned,
// annotation-deprecated, annotation-unknown. info: annotation-noop, annotation-unread.
ReadResult read_annotations(const std::map<std::string, std::string>& annotations, const base::ObjectRef& object,
                            const Settings& settings, const ReadOptions& options);

// The word gate of spec 0.3, which `model::accept` applies: the first annotation with the prefix whose value contains
// one of the words of annotation-value-word-blocklist.
struct BlockedWord {
  std::string annotation;  // with prefix
  std::string word;

  std::string text() const;  // "<annotation> annotation contains invalid word <word>"
};
std::optional<BlockedWord> find_blocked_word(const std::map<std::string, std::string>& annotations,
                                             const Settings& settings, std::string_view prefix);

// docs/annotations.md.
std::string annotations_markdown();

}  // namespace weir::features
