#include "features/annotation_sets.h"
#include "weir/base/ascii.h"
#include "weir/features/annotation_table.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace weir::features {
namespace {

constexpr std::string_view kOriginalPrefix = "nginx.ingress.kubernetes.io/";
constexpr std::string_view kSnippetSuffix = "-snippet";

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

std::vector<std::string_view> known_keys() {
  std::vector<std::string_view> out;
  for (const AnnotationRow& row : annotation_table()) {
    out.push_back(row.key);
    if (!row.alias.empty()) out.push_back(row.alias);
  }
  return out;
}

// Which set reads a key; so that an object pays only for the annotations it has.
std::size_t set_of(std::string_view key) {
  static const std::map<std::string_view, std::size_t> homes = [] {
    std::map<std::string_view, std::size_t> out;
    const std::vector<AnnotationSet>& sets = annotation_sets();
    for (std::size_t i = 0; i < sets.size(); ++i) {
      for (const AnnotationRow& row : sets[i].rows) out.emplace(row.key, i);
    }
    return out;
  }();
  return homes.at(key);
}

bool has_control_character(std::string_view value) {
  return std::any_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

// Values go into texts for people; long ones and line breaks would spoil them.
std::string quoted(std::string_view value) {
  constexpr std::size_t kLongest = 80;
  std::string out = "\"";
  for (const char c : value.substr(0, kLongest)) out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  if (value.size() > kLongest) out += "...";
  return out + "\"";
}

// Reads the annotations of one object; one use.
class Reader {
 public:
  Reader(const std::map<std::string, std::string>& annotations, const base::ObjectRef& object, const Settings& settings,
         const ReadOptions& options)
      : annotations_(annotations), object_(object), settings_(settings), options_(options) {
    result_.policies = settings.defaults;
  }

  ReadResult read() {
    collect();
    check_risks();
    for (const std::size_t index : touched_) read_set(annotation_sets()[index]);
    if (result_.policies.canary.enabled) say_unread_of_canary();
    return std::move(result_);
  }

 private:
  using Severity = base::Severity;

  void say(Severity severity, std::string_view code, std::string_view key, std::string text) {
    base::Diagnostic out;
    out.severity = severity;
    out.code = code;
    out.object = object_;
    out.key = key;
    out.text = std::move(text);
    result_.diagnostics.push_back(std::move(out));
  }

  void refuse(std::string_view code, std::string_view key, std::string text, std::string message) {
    say(Severity::error, code, key, std::move(text));
    if (!result_.refused) result_.refused_text = std::move(message);
    result_.refused = true;
  }

  // A setting that cannot be honoured closes the paths. A canary has none of its own: those of its primary go by the
  // primary's settings (spec 3.1).
  void deny(const AnnotationRow& row, std::string_view why, const std::string& text) {
    const std::string reason = std::string(row.key).append(why);
    const bool whole_host = row.scope == Scope::host && row.protects;
    const std::string closed =
        asks_for("canary")
            ? "this closes nothing: a canary is served with the settings of its primary"
            : std::string("all paths of the ") + (whole_host ? "host" : "object") + " answer 503 (" + reason + ")";
    say(Severity::warning, "annotation-denies", row.key, text + "; " + closed);
    DenyPolicy& denied = result_.policies.deny;
    if (whole_host) denied.whole_host = true;
    if (!denied.denied()) denied.reason = reason;
  }

  // The keys with our prefix, and what the original's admission check says about the others (spec 8.8, check 8).
  void collect() {
    const std::string prefix = options_.prefix + "/";
    const bool foreign_prefix = prefix != kOriginalPrefix;
    for (const auto& [name, value] : annotations_) {
      if (foreign_prefix && starts_with(name, kOriginalPrefix)) {
        say(Severity::error, "annotation-prefix", name, "is not read: the prefix in force is " + options_.prefix);
      }
      if (!settings_.allow_snippet_annotations && ends_with(name, kSnippetSuffix)) {
        say(Severity::error, "annotation-snippet", starts_with(name, prefix) ? name.substr(prefix.size()) : name,
            "is a snippet, and snippets are off (allow-snippet-annotations); its text is not used");
      }
      if (!starts_with(name, prefix)) continue;
      const std::string_view key = std::string_view(name).substr(prefix.size());
      present_.emplace(key, value);
      if (const AnnotationRow* row = find_annotation(key)) {
        touched_.insert(set_of(row->key));
      } else {
        say_unknown(key);
      }
    }
  }

  void say_unknown(std::string_view key) {
    std::string text = "is not known and has no effect";
    const std::string_view nearest = base::nearest(key, known_keys());
    if (!nearest.empty()) text += "; did you mean " + std::string(nearest) + "?";
    say(Severity::warning, "annotation-unknown", key, std::move(text));
  }

  void check_risks() {
    for (const auto& [key, value] : present_) {
      const AnnotationRow* row = find_annotation(key);
      if (row == nullptr || row->risk <= settings_.risk_level) continue;
      const std::string message =
          "annotation group " + std::string(row->group) + " contains risky annotation based on ingress configuration";
      refuse("annotation-risky", key,
             message + ": its risk is " + to_string(row->risk) + ", annotations-risk-level allows " +
                 to_string(settings_.risk_level),
             message);
    }
  }

  void read_set(const AnnotationSet& set) {
    const Policies before = result_.policies;
    SetView view(result_.policies);
    for (const AnnotationRow& row : set.rows) read_row(row, view);
    if (set.finish) set.finish(view);
    for (SetView::Report& report : view.reports) react(set, report, before);
  }

  void read_row(const AnnotationRow& row, SetView& view) {
    const auto found = present_.find(row.key);
    std::string_view written = found == present_.end() ? std::string_view() : found->second;
    if (written.empty() && !row.alias.empty()) {
      if (const auto alias = present_.find(row.alias); alias != present_.end()) written = alias->second;
    }
    if (found == present_.end() && written.empty()) return;
    if (!row.unless.empty() && present_.contains(row.unless)) {
      say(Severity::info, "annotation-unread", row.key, "is not read: " + std::string(row.unless) + " is set");
      return;
    }
    if (row.deprecated) {
      say(Severity::warning, "annotation-deprecated", row.key, "annotation " + std::string(row.key) + " is deprecated");
      return;
    }
    if (!written.empty() && !is_valid(row, written, view)) return;
    std::string value = trim_lines(written);
    if (value.empty()) {
      view.empty.insert(row.key);
      report(row, row.on_empty, "annotation-empty", "is empty", view);
      return;
    }
    use(row, written, std::move(value), view);
  }

  // False: the value is not used; the reaction has been taken.
  bool is_valid(const AnnotationRow& row, std::string_view written, SetView& view) {
    if (!row.validate || row.validate(written)) return true;
    if (!options_.validate && !row.typed) return true;
    view.rejected.insert(row.key);
    const OnInvalid reaction = options_.validate ? row.on_invalid : OnInvalid::use_default;
    report(row, reaction, "annotation-invalid",
           "has the invalid value " + quoted(written) + " (expected: " + std::string(row.syntax) + ")", view);
    return false;
  }

  void use(const AnnotationRow& row, std::string_view written, std::string value, SetView& view) {
    if (row.support == Support::refused) {
      refuse_snippet(row);
      return;
    }
    // Such values end in header fields; with validation switched off this is the last gate.
    if (!options_.validate && row.support == Support::exact && has_control_character(value)) {
      view.rejected.insert(row.key);
      report(row, OnInvalid::deny_location, "annotation-invalid", "has a control character", view);
      return;
    }
    const Support support = support_of(row, value);
    if (row.apply && support == row.support) {
      if (const auto problem = row.apply(value, result_.policies)) {
        view.rejected.insert(row.key);
        report(row, row.on_unusable, "annotation-invalid", "value " + quoted(value) + " " + *problem, view);
        return;
      }
    }
    if (support == row.support && (support == Support::exact || row.print)) result_.used.emplace(row.key, written);
    const bool asks = !row.asks || row.asks(value);
    if (support == Support::noop && asks) {
      say(Severity::info, "annotation-noop", row.key, "is accepted and has no effect: " + std::string(row.doc));
    }
    if (support == Support::planned && asks) say_planned(row, value);
    view.values.emplace(row.key, std::move(value));
  }

  // Spec 3.1: a canary is a backend of other rules. Whoever copies all annotations of the primary is told once.
  void say_unread_of_canary() {
    std::string keys;
    for (const auto& [key, value] : result_.used) {
      const AnnotationRow* row = find_annotation(key);
      if (row != nullptr && row->scope != Scope::upstream) keys += (keys.empty() ? "" : ", ") + key;
    }
    if (keys.empty()) return;
    say(Severity::info, "annotation-unread", "canary",
        "a canary is served with the settings of its primary, so these have no effect here: " + keys);
  }

  // Raw text is emptied while snippets are off (already reported); never ignored where it was allowed.
  void refuse_snippet(const AnnotationRow& row) {
    if (!settings_.allow_snippet_annotations || row.risk > settings_.risk_level || !needs_met(row)) return;
    deny(row, "-refused", "is raw text for another server and never used");
  }

  void say_planned(const AnnotationRow& row, std::string_view value) {
    // Of a row with other values that do work, the text names this one.
    const std::string what = row.planned_values.empty() ? std::string() : "value " + quoted(value) + " ";
    if (row.protects) {
      deny(row, "-planned", what + "is not implemented yet");
      return;
    }
    std::string text = what + "is not implemented yet and has no effect";
    if (!needs_met(row)) text += "; it would have none without " + std::string(row.needs) + " either";
    say(Severity::warning, "annotation-planned", row.key, std::move(text));
  }

  // Is the annotation this one depends on there, and does it ask for its feature?
  bool needs_met(const AnnotationRow& row) const { return row.needs.empty() || asks_for(row.needs); }

  bool asks_for(std::string_view key) const {
    const auto found = present_.find(key);
    if (found == present_.end()) return false;
    const AnnotationRow* row = find_annotation(key);
    const std::string value = trim_lines(found->second);
    return !value.empty() && (row == nullptr || !row->asks || row->asks(value));
  }

  // Takes the reaction to a bad value of one row. GRP waits for the end of the set.
  void report(const AnnotationRow& row, OnInvalid reaction, std::string_view code, const std::string& text,
              SetView& view) {
    // Nobody reads it then, the original neither.
    const bool is_severe = reaction == OnInvalid::deny_location || reaction == OnInvalid::refuse_object;
    if (is_severe && !needs_met(row)) {
      say(Severity::warning, code, row.key, text + "; it has no effect without " + std::string(row.needs));
      return;
    }
    switch (reaction) {
      case OnInvalid::refuse_object:
        refuse("annotation-refused", row.key, text + "; the object is not taken over",
               "annotation " + options_.prefix + "/" + std::string(row.key) + " contains invalid value");
        return;
      case OnInvalid::deny_location:
        deny(row, "-invalid", text);
        return;
      case OnInvalid::drop_group:
        view.drop_group(row.key, text + "; the annotations of its group are ignored");
        return;
      case OnInvalid::use_default:
        say(Severity::warning, code, row.key, text + "; the default is used");
        return;
    }
  }

  void react(const AnnotationSet& set, SetView::Report& report, const Policies& before) {
    const std::string_view value = value_of(report.key);
    const std::string value_text = value.empty() ? std::string() : "value " + quoted(value) + " ";
    switch (report.reaction) {
      case OnInvalid::drop_group: {
        DenyPolicy denied = std::move(result_.policies.deny);
        result_.policies = before;
        result_.policies.deny = std::move(denied);
        for (const AnnotationRow& one : set.rows) result_.used.erase(std::string(one.key));
        say(Severity::warning, "annotation-ignored", report.key, std::move(report.text));
        return;
      }
      case OnInvalid::deny_location:
        deny(*find_annotation(report.key), "-invalid", value_text + report.text);
        return;
      case OnInvalid::refuse_object:
      case OnInvalid::use_default:
        if (report.outcome == SetView::Outcome::planned) {
          say(Severity::warning, "annotation-planned", report.key, std::move(report.text));
          return;
        }
        result_.used.erase(std::string(report.key));
        say(Severity::warning, "annotation-invalid", report.key, value_text + report.text);
        return;
    }
  }

  std::string_view value_of(std::string_view key) const {
    const auto found = present_.find(key);
    return found == present_.end() ? std::string_view() : found->second;
  }

  const std::map<std::string, std::string>& annotations_;
  const base::ObjectRef& object_;
  const Settings& settings_;
  const ReadOptions& options_;
  std::map<std::string_view, std::string_view> present_;  // key without prefix -> value as written
  std::set<std::size_t> touched_;                         // sets with a key that is present, in reading order
  ReadResult result_;
};

}  // namespace

ReadResult read_annotations(const std::map<std::string, std::string>& annotations, const base::ObjectRef& object,
                            const Settings& settings, const ReadOptions& options) {
  return Reader(annotations, object, settings, options).read();
}

std::string BlockedWord::text() const {
  return annotation + " annotation contains invalid word " + word;
}

std::optional<BlockedWord> find_blocked_word(const std::map<std::string, std::string>& annotations,
                                             const Settings& settings, std::string_view prefix) {
  const std::string start = std::string(prefix) + "/";
  for (const auto& [name, value] : annotations) {
    if (!starts_with(name, start)) continue;
    for (const std::string& word : settings.word_blocklist) {
      if (!word.empty() && value.find(word) != std::string::npos) return BlockedWord{name, word};
    }
  }
  return std::nullopt;
}

}  // namespace weir::features
