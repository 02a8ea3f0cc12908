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
  std::string_view key;                  // without prefix
  std::string_view alias;                // other key read when `key` is empty or absent
  std::string_view group;                // parser name of the original, in the risk message (spec 0.3)
  Support support = Support::planned;
  Scope scope = Scope::location;
  RiskLevel risk = RiskLevel::low;
  OnInvalid on_invalid = OnInvalid::use_default;
  bool protects = false;                 // rulings: planned + protects closes the path with 503
  std::string_view syntax;               // for docs: "bool", "comma list of CIDRs"
  std::string_view default_text;         // for docs
  std::string_view settings_key;         // ConfigMap key that supplies the default; empty: none
  std::string_view doc;                  // one sentence
  Validate validate;                     // empty: anything
  Apply apply;                           // empty: no effect on policies (noop, planned, refused)
  Print print;                           // empty: not printed
};

// All rows, sorted by key. Built once on first use, then read-only.
std::span<const AnnotationRow> annotation_table();
// nullptr if unknown. `key` without prefix; finds aliases too.
const AnnotationRow* find_annotation(std::string_view key);

struct ReadOptions {
  std::string prefix = "nginx.ingress.kubernetes.io";
  bool validate = true;                  // --enable-annotation-validation
};

// The outcome of reading one Ingress' annotations.
struct ReadResult {
  Policies policies;
  bool refused = false;                  // ING: the object is not taken over
  std::string refused_text;
  std::map<std::string, std::string> used;  // key -> value as written, for rows that took effect
  base::Diagnostics diagnostics;         // `object` is filled in
};

// Reads every annotation over `settings.defaults`. Unknown keys with the prefix give a warning that names the nearest.
ReadResult read_annotations(const std::map<std::string, std::string>& annotations, const base::ObjectRef& object,
                            const Settings& settings, const ReadOptions& options);

}  // namespace weir::features
