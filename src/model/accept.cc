#include "weir/model/accept.h"

#include "model/alongside.h"
#include "model/gates.h"
#include "model/report.h"

#include <optional>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;
using AcceptedPtr = std::shared_ptr<const AcceptedIngress>;

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

// One run of accept(): what is the same for every Ingress.
struct Acceptor {
  const kube::ClusterState& state;
  const Options& options;
  const AcceptedSet& previous;
  AcceptedSet& next;
  features::ReadOptions read_options;
  bool settings_changed;

  void take(const kube::ObjectName& name, const std::shared_ptr<const kube::Ingress>& object, AcceptedPtr before,
            const kube::Origin& origin);

 private:
  struct Verdict {
    features::ReadResult read;
    base::Diagnostics diagnostics;
    bool refused = false;
  };
  Verdict examine(const kube::Ingress& ingress, const kube::Origin& origin) const;
  void refuse(const kube::ObjectName& name, const std::shared_ptr<const kube::Ingress>& object,
              const AcceptedPtr& before, const kube::Origin& origin, base::Diagnostics diagnostics);
  void keep(const kube::ObjectName& name, AcceptedPtr accepted);
  void drop(const kube::ObjectName& name, base::Diagnostics diagnostics);
};

void set_place(base::Diagnostics& diagnostics, const kube::Origin& origin) {
  for (base::Diagnostic& diagnostic : diagnostics) {
    diagnostic.file = origin.file;
    diagnostic.line = origin.line;
  }
}

Acceptor::Verdict Acceptor::examine(const kube::Ingress& ingress, const kube::Origin& origin) const {
  Verdict verdict;
  if (options.deep_inspect) {
    if (auto text = deep_inspect(ingress)) {
      verdict.refused = true;
      verdict.diagnostics.push_back(
          diagnostic(Severity::error, "deep-inspect", ref_of(ingress), "spec", "invalid object: " + *text));
    }
  }
  const features::Settings& settings = next.settings->settings;
  if (auto blocked = features::find_blocked_word(ingress.meta.annotations, settings, options.annotations_prefix)) {
    verdict.refused = true;
    std::string key = blocked->annotation;
    if (key.starts_with(options.annotations_prefix + "/")) key.erase(0, options.annotations_prefix.size() + 1);
    verdict.diagnostics.push_back(
        diagnostic(Severity::error, "blocked-word", ref_of(ingress), std::move(key), blocked->text()));
  }
  verdict.read = features::read_annotations(ingress.meta.annotations, ref_of(ingress), settings, read_options);
  verdict.refused = verdict.refused || verdict.read.refused;
  verdict.diagnostics.insert(verdict.diagnostics.end(), verdict.read.diagnostics.begin(),
                             verdict.read.diagnostics.end());
  set_place(verdict.diagnostics, origin);
  return verdict;
}

void Acceptor::keep(const kube::ObjectName& name, AcceptedPtr accepted) {
  next.diagnostics.insert(next.diagnostics.end(), accepted->diagnostics.begin(), accepted->diagnostics.end());
  next.ingresses.emplace_hint(next.ingresses.end(), name, std::move(accepted));
}

void Acceptor::drop(const kube::ObjectName& name, base::Diagnostics diagnostics) {
  next.diagnostics.insert(next.diagnostics.end(), diagnostics.begin(), diagnostics.end());
  next.not_served.emplace_hint(next.not_served.end(), name, std::move(diagnostics));
}

// Spec 0.3, ING: the version before stays in force; its annotations are read again when only the settings changed, and
// kept as they were when those refuse it as well.
void Acceptor::refuse(const kube::ObjectName& name, const std::shared_ptr<const kube::Ingress>& object,
                      const AcceptedPtr& before, const kube::Origin& origin, base::Diagnostics diagnostics) {
  diagnostics.push_back(
      diagnostic(Severity::warning, "ingress-refused", ref_of(*object), "",
                 before ? "refused: the version accepted before stays in force" : "refused: not served"));
  set_place(diagnostics, origin);
  if (!before) {
    next.refused_new.emplace_hint(next.refused_new.end(), name, object);
    drop(name, std::move(diagnostics));
    return;
  }
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
  keep(name, std::move(accepted));
}

void Acceptor::take(const kube::ObjectName& name, const std::shared_ptr<const kube::Ingress>& object,
                    AcceptedPtr before, const kube::Origin& origin) {
  if (auto reason = foreign_reason(*object, state, options)) {
    base::Diagnostics diagnostics{std::move(*reason)};
    set_place(diagnostics, origin);
    return drop(name, std::move(diagnostics));
  }
  if (options.disable_catch_all && object->default_backend) {
    base::Diagnostics diagnostics{
        diagnostic(Severity::error, "catch-all-disabled", ref_of(*object), "spec.defaultBackend",
                   "an Ingress with a default backend is not served with --disable-catch-all; remove defaultBackend")};
    set_place(diagnostics, origin);
    return drop(name, std::move(diagnostics));
  }
  if (before && before->newest() == object && !settings_changed) {
    if (before->file == origin.file && before->line == origin.line) return keep(name, std::move(before));
    auto moved = std::make_shared<AcceptedIngress>(*before);
    moved->file = origin.file;
    moved->line = origin.line;
    set_place(moved->diagnostics, origin);
    return keep(name, std::move(moved));
  }
  if (!before && !settings_changed) {
    const auto known = previous.refused_new.find(name);
    if (known != previous.refused_new.end() && known->second == object) {
      base::Diagnostics diagnostics = previous.not_served.at(name);
      set_place(diagnostics, origin);
      next.refused_new.emplace_hint(next.refused_new.end(), name, object);
      return drop(name, std::move(diagnostics));
    }
  }

  Verdict verdict = examine(*object, origin);
  if (verdict.refused) return refuse(name, object, before, origin, std::move(verdict.diagnostics));
  auto accepted = std::make_shared<AcceptedIngress>();
  accepted->object = object;
  accepted->policies = std::move(verdict.read.policies);
  accepted->used = std::move(verdict.read.used);
  accepted->diagnostics = std::move(verdict.diagnostics);
  accepted->file = origin.file;
  accepted->line = origin.line;
  keep(name, std::move(accepted));
}

}  // namespace

AcceptedSet accept(const AcceptedSet& previous, const kube::ClusterState& state, const Options& options) {
  AcceptedSet next;
  take_settings(previous, state, options, next);
  next.diagnostics = next.settings->diagnostics;

  Acceptor acceptor{state,
                    options,
                    previous,
                    next,
                    {options.annotations_prefix, options.enable_annotation_validation},
                    next.settings != previous.settings};
  Alongside before(previous.ingresses);
  Alongside origins(state.ingress_origins);
  const kube::Origin unknown;
  for (const auto& [name, object] : state.ingresses) {
    const AcceptedPtr* accepted = before.find(name);
    const kube::Origin* origin = origins.find(name);
    acceptor.take(name, object, accepted ? *accepted : nullptr, origin ? *origin : unknown);
  }
  return next;
}

}  // namespace weir::model
