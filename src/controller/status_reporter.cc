#include "weir/controller/status_reporter.h"

#include "event_plan.h"
#include "published_addresses.h"
#include "weir/kube/cluster_state.h"
#include "weir/observe/log.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace weir::controller {

namespace log = observe::log;
using Clock = std::chrono::steady_clock;

namespace {

// An Event lives for an hour at the API server: whatever stands longer is repeated before.
constexpr std::chrono::minutes kRepeat{30};

// Is it another version for its author? The status and the version number alone are not.
bool same_to_its_author(const kube::Ingress& a, const kube::Ingress& b) {
  return a.meta.uid == b.meta.uid && a.meta.annotations == b.meta.annotations && a.meta.labels == b.meta.labels &&
         a.class_name == b.class_name && a.default_backend == b.default_backend && a.tls == b.tls && a.rules == b.rules;
}

template <class T>
std::pair<std::string, std::string> version_of(const kube::ClusterState& state, const base::ObjectRef& ref) {
  const auto object = state.find<T>({ref.ns, ref.name});
  return object ? std::pair(object->meta.uid, object->meta.resource_version) : std::pair<std::string, std::string>();
}

// uid and resource version of the object a message is about; empty when it is not known any more.
std::pair<std::string, std::string> version_of(const kube::ClusterState& state, const base::ObjectRef& ref) {
  if (ref.kind == kube::Ingress::kKind) return version_of<kube::Ingress>(state, ref);
  if (ref.kind == kube::Service::kKind) return version_of<kube::Service>(state, ref);
  if (ref.kind == kube::Secret::kKind) return version_of<kube::Secret>(state, ref);
  if (ref.kind == kube::ConfigMap::kKind) return version_of<kube::ConfigMap>(state, ref);
  if (ref.kind == kube::EndpointSlice::kKind) return version_of<kube::EndpointSlice>(state, ref);
  if (ref.kind == kube::Pod::kKind) return version_of<kube::Pod>(state, ref);
  return {};
}

}  // namespace

struct StatusReporter::State {
  State(StatusOptions o, watch::StatusWriter& s, watch::EventWriter& e) : options(std::move(o)), status(s), events(e) {}

  struct Told {
    std::string message;
    watch::Event event;
    Clock::time_point at;
  };

  StatusOptions options;
  watch::StatusWriter& status;
  watch::EventWriter& events;
  Role role = Role::follower;
  bool stopping = false;

  // Of the last turn.
  std::map<kube::ObjectName, std::shared_ptr<const kube::Ingress>> served;  // newest versions
  std::shared_ptr<const kube::ConfigMap> config_map;
  std::map<kube::ObjectName, std::shared_ptr<const kube::ConfigMap>> port_maps;
  std::optional<std::vector<kube::LoadBalancerAddress>> addresses;
  bool replicas = false;
  std::map<std::pair<base::ObjectRef, std::string>, Told> warnings;

  bool tells_events() const { return role != Role::follower && !stopping; }
  bool writes_status() const { return role == Role::leader && options.update_status && !stopping; }

  void offer(watch::Event event) {
    if (tells_events()) events.offer(std::move(event));
  }
  void offer_sync(const kube::Ingress& ingress) {
    if (!options.sync_events) return;
    offer({{kube::Ingress::kKind, ingress.meta.ns, ingress.meta.name},
           ingress.meta.uid,
           ingress.meta.resource_version,
           false,
           "Sync",
           "Scheduled for sync"});
  }
  // Those whose status is to be looked at: all, or these.
  struct Touched {
    bool all = false;
    std::set<kube::ObjectName> names;
  };
  bool take_served(const Turn& turn, Touched& touched);
  bool take_one(const kube::ObjectName& name, const std::shared_ptr<const model::AcceptedIngress>& ingress);
  bool is_about_warned(const kube::Changes& changes) const;
  bool take_config_map(std::shared_ptr<const kube::ConfigMap>& known,
                       const std::shared_ptr<const kube::ConfigMap>& object);
  bool take_port_maps(const kube::ClusterState& state);
  void take_warnings(const Turn& turn);
  void want_status();
  void want_status(const kube::ObjectName& name, const kube::Ingress& object);
};

// Remembers a served Ingress and tells Sync if it is new; whether it is, for its author.
bool StatusReporter::State::take_one(const kube::ObjectName& name,
                                     const std::shared_ptr<const model::AcceptedIngress>& ingress) {
  const auto& object = ingress->newest();
  const auto before = std::exchange(served[name], object);
  if (before && (before == object || same_to_its_author(*before, *object))) return false;
  if (!ingress->refused) offer_sync(*object);
  return true;
}

// Whether anything is new or gone.
bool StatusReporter::State::take_served(const Turn& turn, Touched& touched) {
  const auto& accepted = turn.accepted.ingresses;
  bool changed = false;
  const auto gone = [&](const kube::ObjectName& name) {
    status.forget(name);
    changed = true;
  };
  if (!turn.changes.everything) {
    touched.names = turn.changes.ingresses;
    for (const kube::ObjectName& name : touched.names) {
      const auto now = accepted.find(name);
      if (now != accepted.end()) {
        changed = take_one(name, now->second) || changed;
      } else if (served.erase(name) != 0) {
        gone(name);
      }
    }
    return changed;
  }
  touched.all = true;
  for (auto it = served.begin(); it != served.end();) {
    if (accepted.contains(it->first)) {
      ++it;
    } else {
      gone(it->first);
      it = served.erase(it);
    }
  }
  for (const auto& [name, ingress] : accepted) changed = take_one(name, ingress) || changed;
  return changed;
}

// Whether one is new, other or gone.
bool StatusReporter::State::take_port_maps(const kube::ClusterState& state) {
  bool changed = false;
  for (const kube::ObjectName& name : options.port_maps) {
    changed = take_config_map(port_maps[name], state.find<kube::ConfigMap>(name)) || changed;
  }
  return changed;
}

bool StatusReporter::State::take_config_map(std::shared_ptr<const kube::ConfigMap>& known,
                                            const std::shared_ptr<const kube::ConfigMap>& object) {
  const auto before = std::exchange(known, object);
  if (!object || before == object || (before && before->data == object->data)) return before != nullptr && !object;
  offer({{kube::ConfigMap::kKind, object->meta.ns, object->meta.name},
         object->meta.uid,
         object->meta.resource_version,
         false,
         before ? "UPDATE" : "CREATE",
         "ConfigMap " + kube::to_string(object->meta.object_name())});
  return true;
}

void StatusReporter::State::take_warnings(const Turn& turn) {
  std::map<std::pair<base::ObjectRef, std::string>, Told> now;
  for (auto& [key, message] : warnings_of(turn.diagnostics, options.annotations_prefix)) {
    auto [uid, version] = version_of(turn.state, key.first);
    const auto before = warnings.find(key);
    if (before != warnings.end() && before->second.message == message && before->second.event.uid == uid) {
      now.emplace(key, before->second);
      continue;
    }
    watch::Event event{key.first, std::move(uid), std::move(version), true, key.second, message};
    offer(event);
    now.emplace(key, Told{message, std::move(event), Clock::now()});
  }
  warnings = std::move(now);
}

// An object that was made anew is another one for its Event, even if what is wrong with it is the same.
bool StatusReporter::State::is_about_warned(const kube::Changes& changes) const {
  const auto touches = [this](const char* kind, const std::set<kube::ObjectName>& names) {
    return std::any_of(names.begin(), names.end(), [&](const kube::ObjectName& name) {
      const base::ObjectRef ref{kind, name.ns, name.name};
      const auto first = warnings.lower_bound({ref, std::string()});
      return first != warnings.end() && first->first.first == ref;
    });
  };
  return touches(kube::Ingress::kKind, changes.ingresses) || touches(kube::Service::kKind, changes.services) ||
         touches(kube::Secret::kKind, changes.secrets) || touches(kube::ConfigMap::kKind, changes.config_maps) ||
         touches(kube::EndpointSlice::kKind, changes.endpoint_slices);
}

void StatusReporter::State::want_status(const kube::ObjectName& name, const kube::Ingress& object) {
  if (!writes_status() || !addresses) return;
  if (object.load_balancer == *addresses || object.meta.deleting) {
    status.forget(name);
  } else {
    status.want(name, *addresses);
  }
}

void StatusReporter::State::want_status() {
  for (const auto& [name, object] : served) want_status(name, *object);
}

StatusReporter::StatusReporter(StatusOptions options, watch::StatusWriter& status, watch::EventWriter& events)
    : state_(std::make_unique<State>(std::move(options), status, events)) {}

StatusReporter::~StatusReporter() = default;

void StatusReporter::take_role(Role role) {
  State& s = *state_;
  if (s.role == role || s.stopping) return;
  const bool told_before = s.tells_events();
  s.role = role;
  if (!s.writes_status()) s.status.forget_all();
  s.want_status();
  if (told_before || !s.tells_events()) return;
  for (const auto& served : s.served) s.offer_sync(*served.second);
  for (auto& [key, told] : s.warnings) {
    s.offer(told.event);
    told.at = Clock::now();
  }
}

void StatusReporter::after_turn(const Turn& turn) {
  State& s = *state_;
  if (s.stopping) return;
  State::Touched touched;
  const bool ingresses = s.take_served(turn, touched);
  const bool settings = s.take_config_map(s.config_map, turn.accepted.config_map);
  const bool ports = s.take_port_maps(turn.state);
  if (turn.diagnostics_may_differ || turn.changes.everything || s.is_about_warned(turn.changes)) s.take_warnings(turn);
  auto addresses = published_addresses(s.options, turn.state);
  touched.all = touched.all || addresses != s.addresses;
  s.addresses = std::move(addresses);
  s.replicas = has_replicas(s.options, turn.state);
  if (touched.all) {
    s.want_status();
  } else {
    for (const kube::ObjectName& name : touched.names) {
      if (const auto served = s.served.find(name); served != s.served.end()) s.want_status(name, *served->second);
    }
  }
  // Everybody tells about the own Pod. Tools wait for this text; Weir has nothing to reload.
  const auto pod =
      turn.published && (ingresses || settings || ports) ? turn.state.find<kube::Pod>(s.options.pod) : nullptr;
  if (pod) {
    s.events.offer({{kube::Pod::kKind, pod->meta.ns, pod->meta.name},
                    pod->meta.uid,
                    pod->meta.resource_version,
                    false,
                    "RELOAD",
                    "NGINX reload triggered due to a change in configuration"});
  }
}

void StatusReporter::check() {
  State& s = *state_;
  s.want_status();
  const auto now = Clock::now();
  for (auto& [key, told] : s.warnings) {
    if (now - told.at < kRepeat) continue;
    s.offer(told.event);
    told.at = now;
  }
}

void StatusReporter::tell_leadership(const kube::ObjectName& lease, const std::string& identity) {
  state_->events.offer({{"Lease", lease.ns, lease.name}, "", "", false, "LeaderElection", identity + " became leader"});
}

void StatusReporter::shut_down(std::function<void()> done) {
  State& s = *state_;
  const bool alone = s.addresses && s.addresses->size() <= 1 && !s.replicas;
  const bool clear = s.writes_status() && s.options.clear_on_shutdown && alone;
  s.stopping = true;
  s.status.forget_all();
  if (clear) {
    log::info("status", "the status of {} Ingresses is emptied: nobody else serves them", s.served.size());
    for (const auto& [name, object] : s.served) {
      if (!object->meta.deleting) s.status.want(name, {});
    }
  }
  s.status.when_idle(std::move(done));
}

}  // namespace weir::controller
