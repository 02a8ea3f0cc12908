#include "weir/model/accept.h"

#include "model/alongside.h"
#include "model/gates.h"
#include "model/report.h"

#include <optional>
#include <set>
#include <string>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

bool same_settings(const features::SettingsResult& a, const features::SettingsResult& b) {
  return a.settings == b.settings && a.used == b.used && a.diagnostics == b.diagnostics;
}

// Spec 6 and 10.53: a ConfigMap that is missing at the start means defaults; one that is deleted leaves its last
// values.
void take_settings(const AcceptedSet& previous, const kube::ClusterState& state, const Options& options,
                   AcceptedSet& next) {
  next.settings = previous.settings;
  next.config_map = previous.config_map;
  const auto config_map = options.config_map ? state.find<kube::ConfigMap>(*options.config_map) : nullptr;
  if (config_map && config_map != previous.config_map) {
    auto read =
        std::make_shared<features::SettingsResult>(features::read_settings(config_map->data, ref_of(*config_map)));
    next.config_map = config_map;
    // Equal settings keep their pointer, which is what lets accepted Ingresses be reused.
    if (!next.settings || !same_settings(*next.settings, *read)) next.settings = std::move(read);
  }
  if (!next.settings) {
    next.settings = std::make_shared<features::SettingsResult>(features::read_settings({}, {}));
  }
}

// What became of one Ingress. One of the first two members says it.
struct Outcome {
  AcceptedPtr accepted;
  base::Diagnostics dropped;                     // not empty: not served, and why
  std::shared_ptr<const kube::Ingress> refused;  // of those: AcceptedSet::refused_new
};

// One run of accept(): what is the same for every Ingress.
struct Examiner {
  const kube::ClusterState& state;
  const Options& options;
  const AcceptedSet& previous;  // refused_new and not_served of the run before
  const features::Settings& settings;
  bool settings_changed;

  Outcome take(const kube::ObjectName& name, const std::shared_ptr<const kube::Ingress>& object, AcceptedPtr before,
               const kube::Origin& origin) const;

 private:
  struct Verdict {
    features::ReadResult read;
    base::Diagnostics diagnostics;
    bool refused = false;
  };
  Verdict examine(const kube::Ingress& ingress, const kube::Origin& origin) const;
  Outcome refuse(const std::shared_ptr<const kube::Ingress>& object, const AcceptedPtr& before,
                 const kube::Origin& origin, base::Diagnostics diagnostics) const;
};

void set_place(base::Diagnostics& diagnostics, const kube::Origin& origin) {
  for (base::Diagnostic& diagnostic : diagnostics) {
    diagnostic.file = origin.file;
    diagnostic.line = origin.line;
  }
}

Examiner::Verdict Examiner::examine(const kube::Ingress& ingress, const kube::Origin& origin) const {
  Verdict verdict;
  if (options.deep_inspect) {
    if (auto text = deep_inspect(ingress)) {
      verdict.refused = true;
      verdict.diagnostics.push_back(
          diagnostic(Severity::error, "deep-inspect", ref_of(ingress), "spec", "invalid object: " + *text));
    }
  }
  if (auto blocked = features::find_blocked_word(ingress.meta.annotations, settings, options.annotations_prefix)) {
    verdict.refused = true;
    std::string key = blocked->annotation;
    if (key.starts_with(options.annotations_prefix + "/")) key.erase(0, options.annotations_prefix.size() + 1);
    verdict.diagnostics.push_back(
        diagnostic(Severity::error, "blocked-word", ref_of(ingress), std::move(key), blocked->text()));
  }
  verdict.read = features::read_annotations(ingress.meta.annotations, ref_of(ingress), settings,
                                            {options.annotations_prefix, options.enable_annotation_validation});
  verdict.refused = verdict.refused || verdict.read.refused;
  verdict.diagnostics.insert(verdict.diagnostics.end(), verdict.read.diagnostics.begin(),
                             verdict.read.diagnostics.end());
  set_place(verdict.diagnostics, origin);
  return verdict;
}

// Spec 0.3, ING: the version before stays in force; its annotations are read again when only the settings changed, and
// kept as they were when those refuse it as well.
Outcome Examiner::refuse(const std::shared_ptr<const kube::Ingress>& object, const AcceptedPtr& before,
                         const kube::Origin& origin, base::Diagnostics diagnostics) const {
  diagnostics.push_back(
      diagnostic(Severity::warning, "ingress-refused", ref_of(*object), "",
                 before ? "refused: the version accepted before stays in force" : "refused: not served"));
  set_place(diagnostics, origin);
  if (!before) return {nullptr, std::move(diagnostics), object};
  auto accepted = std::make_shared<AcceptedIngress>(*before);
  if (settings_changed && before->object != object) {
    Verdict again = examine(*before->object, origin);
    if (!again.refused) {
      accepted->policies = std::move(again.read.policies);
      accepted->used = std::move(again.read.used);
    }
  }
  accepted->refused = object;
  accepted->diagnostics = std::move(diagnostics);
  accepted->file = origin.file;
  accepted->line = origin.line;
  return {std::move(accepted), {}, nullptr};
}

Outcome Examiner::take(const kube::ObjectName& name, const std::shared_ptr<const kube::Ingress>& object,
                       AcceptedPtr before, const kube::Origin& origin) const {
  if (auto reason = foreign_reason(*object, state, options)) {
    base::Diagnostics diagnostics{std::move(*reason)};
    set_place(diagnostics, origin);
    return {nullptr, std::move(diagnostics), nullptr};
  }
  if (options.disable_catch_all && object->default_backend) {
    base::Diagnostics diagnostics{
        diagnostic(Severity::error, "catch-all-disabled", ref_of(*object), "spec.defaultBackend",
                   "an Ingress with a default backend is not served with --disable-catch-all; remove defaultBackend")};
    set_place(diagnostics, origin);
    return {nullptr, std::move(diagnostics), nullptr};
  }
  if (before && before->newest() == object && !settings_changed) {
    if (before->file == origin.file && before->line == origin.line) return {std::move(before), {}, nullptr};
    auto moved = std::make_shared<AcceptedIngress>(*before);
    moved->file = origin.file;
    moved->line = origin.line;
    set_place(moved->diagnostics, origin);
    return {std::move(moved), {}, nullptr};
  }
  if (!before && !settings_changed) {
    const auto known = previous.refused_new.find(name);
    if (known != previous.refused_new.end() && known->second == object) {
      base::Diagnostics diagnostics = previous.not_served.at(name);
      set_place(diagnostics, origin);
      return {nullptr, std::move(diagnostics), object};
    }
  }

  Verdict verdict = examine(*object, origin);
  if (verdict.refused) return refuse(object, before, origin, std::move(verdict.diagnostics));
  auto accepted = std::make_shared<AcceptedIngress>();
  accepted->object = object;
  accepted->policies = std::move(verdict.read.policies);
  accepted->used = std::move(verdict.read.used);
  accepted->diagnostics = std::move(verdict.diagnostics);
  accepted->file = origin.file;
  accepted->line = origin.line;
  return {std::move(accepted), {}, nullptr};
}

// REQUIRES: nothing of this name in `set`.
void put(AcceptedSet& set, const kube::ObjectName& name, Outcome outcome) {
  if (outcome.accepted) {
    set.ingresses.emplace(name, std::move(outcome.accepted));
    return;
  }
  if (outcome.refused) set.refused_new.emplace(name, std::move(outcome.refused));
  set.not_served.emplace(name, std::move(outcome.dropped));
}

std::string topic_of(const kube::ObjectName& name) {
  return "accept/" + kube::to_string(name);
}

}  // namespace

AcceptedSet accept(const AcceptedSet& previous, const kube::ClusterState& state, const Options& options) {
  AcceptedSet next;
  take_settings(previous, state, options, next);
  next.diagnostics = next.settings->diagnostics;

  const Examiner examiner{state, options, previous, next.settings->settings, next.settings != previous.settings};
  Alongside before(previous.ingresses);
  Alongside origins(state.ingress_origins);
  const kube::Origin unknown;
  for (const auto& [name, object] : state.ingresses) {
    const AcceptedPtr* accepted = before.find(name);
    const kube::Origin* origin = origins.find(name);
    Outcome outcome = examiner.take(name, object, accepted ? *accepted : nullptr, origin ? *origin : unknown);
    const base::Diagnostics& said = outcome.accepted ? outcome.accepted->diagnostics : outcome.dropped;
    next.diagnostics.insert(next.diagnostics.end(), said.begin(), said.end());
    put(next, name, std::move(outcome));
  }
  return next;
}

kube::Changes Acceptor::update(const kube::ClusterState& state, kube::Changes changes, base::DiagnosticBook& book) {
  AcceptedSet settled;
  take_settings(set_, state, options_, settled);
  const bool settings_changed = settled.settings != set_.settings;
  set_.settings = std::move(settled.settings);
  set_.config_map = std::move(settled.config_map);
  book.set("accept/settings", set_.settings->diagnostics);

  // A class decides about any number of Ingresses.
  std::set<kube::ObjectName> candidates = std::move(changes.ingresses);
  if (changes.everything || settings_changed || !changes.ingress_classes.empty()) {
    for (const auto& known : set_.ingresses) candidates.insert(known.first);
    for (const auto& known : set_.not_served) candidates.insert(known.first);
    for (const auto& known : state.ingresses) candidates.insert(known.first);
  }
  changes.ingresses.clear();
  changes.everything = changes.everything || settings_changed;

  const Examiner examiner{state, options_, set_, set_.settings->settings, settings_changed};
  const kube::Origin unknown;
  for (const kube::ObjectName& name : candidates) {
    const auto known = set_.ingresses.find(name);
    const AcceptedPtr before = known == set_.ingresses.end() ? nullptr : known->second;
    const auto object = state.ingresses.find(name);
    Outcome outcome;
    if (object != state.ingresses.end()) {
      const auto origin = state.ingress_origins.find(name);
      outcome =
          examiner.take(name, object->second, before, origin == state.ingress_origins.end() ? unknown : origin->second);
    }
    if (before != outcome.accepted) changes.ingresses.insert(name);
    book.set(topic_of(name), outcome.accepted ? outcome.accepted->diagnostics : outcome.dropped);
    set_.ingresses.erase(name);
    set_.refused_new.erase(name);
    set_.not_served.erase(name);
    if (object != state.ingresses.end()) put(set_, name, std::move(outcome));
  }
  return changes;
}

}  // namespace weir::model
