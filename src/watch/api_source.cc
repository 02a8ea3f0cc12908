#include "weir/watch/api_source.h"

#include "watch/backend_waits.h"
#include "watch/object_store.h"
#include "watch/reference_book.h"
#include "watch/reference_fetcher.h"
#include "watch/reflector.h"
#include "weir/observe/log.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <set>
#include <utility>

namespace weir::watch {

namespace asio = boost::asio;
namespace log = observe::log;
using Clock = std::chrono::steady_clock;
using Admission = ObjectStore::Admission;

namespace {

// Releases of Helm are large Secrets that no Ingress can name.
constexpr const char* kNoHelmReleases = "type!=helm.sh/release.v1";
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;

std::string only(const std::string& name) {
  return "metadata.name=" + name;
}

}  // namespace

struct ApiSource::State : std::enable_shared_from_this<State> {
  // One kind in one scope.
  struct Part {
    const Resource& resource;
    Scope scope;
    bool required;
    ObjectStore store;
    std::unique_ptr<Reflector> reflector{};
    bool begun = false;
    bool denied = false;
    bool settled() const { return (reflector && reflector->status().synced) || (denied && !required); }
  };

  State(asio::io_context& c, ApiClient& a, ApiSourceOptions o, std::function<void()> f)
      : context(c),
        client(a),
        options(std::move(o)),
        on_change(std::move(f)),
        fetcher(c, a, [this](const Reference& r, std::optional<Item> item) { fetched(r, std::move(item)); }) {
    sinks.arrived = [this](const kube::ObjectName& service) { look_again(service); };
  }

  asio::io_context& context;
  ApiClient& client;
  const ApiSourceOptions options;
  std::function<void()> on_change;
  ObjectSinks sinks;
  ReferenceBook references;
  ReferenceFetcher fetcher;
  std::vector<std::unique_ptr<Part>> parts;
  // Objects that wait for what they name, and until when at most.
  std::map<ReferenceBook::Owner, Clock::time_point> waiting;
  BackendWaits backends;                 // of the Ingresses among them
  asio::steady_timer patience{context};  // with what the first table lacks
  bool patience_over = false;
  bool synced = false;
  bool first_take = true;
  bool stopped = false;

  Part& add(const Resource& resource, Scope scope, bool required);
  void add_all();
  void begin_those_that_can();
  Part* part_of(const Resource& resource, const kube::ObjectName& name);
  bool settled(const Resource& resource) const;

  void on_synced(Part& part);
  void on_denied(Part& part, int status);
  void take_endpoints_instead();
  void check_synced();
  void notify() {
    if (synced && on_change) on_change();
  }
  void hurry_others(const Part& part);

  ObjectStore::Admits admits_of(const Resource& resource);
  Wanted wanted_of(const Resource& resource, const Scope& scope);
  bool selected(const std::string& ns);
  Admission admit(const char* kind, const Item& item, const References& named, bool lacks_more = false);
  bool lacks_endpoints(const kube::Ingress& ingress);
  bool has_endpoints(const kube::ObjectName& service) const;
  void look_again(const kube::ObjectName& service);
  bool must_fetch(const Reference& reference);
  void fetched(const Reference& reference, std::optional<Item> item);
  void drop(const References& unused);
  void forget(const Resource& resource, const kube::ObjectName& name);
  void check_references(const Resource& resource);
  static const Resource& resource_of(Reference::Kind kind) {
    return kind == Reference::Kind::secret ? kSecrets : kConfigMaps;
  }
};

ApiSource::State::Part& ApiSource::State::add(const Resource& resource, Scope scope, bool required) {
  for (const auto& part : parts) {
    if (&part->resource == &resource && part->scope == scope) return *part;
  }
  parts.push_back(std::make_unique<Part>(
      Part{resource, scope, required,
           ObjectStore(resource, sinks, admits_of(resource),
                       [this, &resource](const kube::ObjectName& name) { forget(resource, name); })}));
  Part& part = *parts.back();
  ReflectorCallbacks callbacks;
  callbacks.on_synced = [this, &part] { on_synced(part); };
  callbacks.on_heard = [this, &part] { hurry_others(part); };
  callbacks.on_change = [this, &part] {
    if (&part.resource == &kNamespaces) {
      for (const auto& other : parts) {
        if (&other->resource == &kIngresses) other->store.refresh_all();
      }
    }
    notify();
  };
  callbacks.on_denied = [this, &part](int status) { on_denied(part, status); };
  callbacks.wanted = wanted_of(resource, scope);
  part.reflector =
      std::make_unique<Reflector>(context, client, resource, std::move(scope), part.store, std::move(callbacks));
  return part;
}

void ApiSource::State::add_all() {
  const Scope watched{options.watch_namespace, "", ""};
  if (!options.namespace_selector.empty()) add(kNamespaces, {"", "", options.namespace_selector}, true);
  add(kIngresses, watched, true);
  add(kIngressClasses, {}, false);
  add(kServices, watched, true);
  add(kEndpointSlices, watched, true);
  add(kConfigMaps, watched, true);
  add(kSecrets, {options.watch_namespace, kNoHelmReleases, ""}, true);
  const auto outside = [&](const kube::ObjectName& name) {
    return !options.watch_namespace.empty() && name.ns != options.watch_namespace;
  };
  if (const auto& name = options.config_map; name && outside(*name)) {
    add(kConfigMaps, {name->ns, only(name->name), ""}, false);
  }
  for (const kube::ObjectName& name : options.port_services) {
    if (outside(name)) add(kConfigMaps, {name.ns, only(name.name), ""}, false);
  }
  if (const auto& name = options.default_ssl_certificate; name && outside(*name)) {
    add(kSecrets, {name->ns, only(name->name), ""}, false);
  }
  for (const kube::ObjectName& name : options.services) {
    if (!outside(name)) continue;
    add(kServices, {name.ns, only(name.name), ""}, false);
    add(kEndpointSlices, {name.ns, "", "kubernetes.io/service-name=" + name.name}, false);
  }
  if (!options.pods_namespace.empty()) add(kPods, {options.pods_namespace, "", ""}, false);
  if (options.nodes) add(kNodes, {}, false);
}

bool ApiSource::State::settled(const Resource& resource) const {
  for (const auto& part : parts) {
    if (&part->resource == &resource && !part->settled()) return false;
  }
  return true;
}

// ConfigMaps and Secrets wait for those who name them: only then is it known which are to be held.
void ApiSource::State::begin_those_that_can() {
  for (const auto& part : parts) {
    if (part->begun) continue;
    if (&part->resource == &kConfigMaps && !settled(kIngresses)) continue;
    if (&part->resource == &kSecrets && !(settled(kIngresses) && settled(kConfigMaps))) continue;
    part->begun = true;
    part->reflector->start();
  }
}

ApiSource::State::Part* ApiSource::State::part_of(const Resource& resource, const kube::ObjectName& name) {
  Part* found = nullptr;
  for (const auto& part : parts) {
    if (&part->resource != &resource) continue;
    if (part->scope.field_selector == only(name.name) && part->scope.ns == name.ns) return part.get();
    const bool general = part->scope.field_selector.empty() || part->scope.field_selector == kNoHelmReleases;
    if (general && (part->scope.ns.empty() || part->scope.ns == name.ns)) found = part.get();
  }
  return found;
}

void ApiSource::State::on_synced(Part& part) {
  part.denied = false;
  log::info("watch", "{}: {} objects", part.reflector->name(), part.store.entries().size());
  if (&part.resource == &kSecrets || &part.resource == &kConfigMaps) check_references(part.resource);
  if (&part.resource == &kNamespaces) {
    for (const auto& other : parts) {
      if (&other->resource == &kIngresses) other->store.refresh_all();
    }
  }
  begin_those_that_can();
  check_synced();
  notify();
}

void ApiSource::State::check_synced() {
  if (synced) return;
  for (const auto& part : parts) {
    if (!part->settled()) return;
  }
  if (!fetcher.busy() || patience_over) {
    synced = true;
    return;
  }
  if (patience.expiry() != asio::steady_timer::time_point()) return;  // it runs; fetched() comes back here as well
  patience.expires_after(options.reference_wait);
  patience.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->stopped) return;
    self->patience_over = true;
    self->check_synced();
    self->notify();
  });
}

void ApiSource::State::on_denied(Part& part, int status) {
  if (part.reflector->status().synced) return;  // what is known stays
  if (&part.resource == &kEndpointSlices && part.required && (status == kForbidden || status == kNotFound)) {
    // Not from within its own callback.
    asio::post(context, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->take_endpoints_instead();
    });
    return;
  }
  if (part.required || part.denied || (status != kForbidden && status != kNotFound)) return;
  part.denied = true;
  log::warn("watch", "{} are not shown to Weir; it goes on without them", part.reflector->name());
  begin_those_that_can();
  check_synced();
  notify();
}

void ApiSource::State::take_endpoints_instead() {
  for (auto it = parts.begin(); it != parts.end(); ++it) {
    Part& part = **it;
    if (&part.resource != &kEndpointSlices || !part.required || part.reflector->status().synced) continue;
    log::warn("watch", "EndpointSlices cannot be read; v1 Endpoints stand in for them");
    Scope scope = part.scope;
    parts.erase(it);
    add(kEndpoints, std::move(scope), true);
    begin_those_that_can();
    return;
  }
}

void ApiSource::State::hurry_others(const Part& part) {
  for (const auto& other : parts) {
    if (other.get() != &part) other->reflector->hurry();
  }
}

Wanted ApiSource::State::wanted_of(const Resource& resource, const Scope& scope) {
  if (&resource == &kNamespaces) return [](const kube::ObjectName&) { return false; };  // names are enough
  const bool single = scope.field_selector.starts_with("metadata.name=");
  if (single || (&resource != &kSecrets && &resource != &kConfigMaps)) return {};
  const auto kind = &resource == &kSecrets ? Reference::Kind::secret : Reference::Kind::config_map;
  return [this, kind](const kube::ObjectName& name) { return references.has({kind, name}); };
}

ObjectStore::Admits ApiSource::State::admits_of(const Resource& resource) {
  if (&resource == &kIngresses) {
    return [this](const Item& item) {
      if (!selected(item.name.ns)) return Admission::hide;
      if (item.objects.empty()) return Admission::show;
      const auto* ingress = std::get_if<std::shared_ptr<const kube::Ingress>>(&item.objects.front());
      if (!ingress) return Admission::hide;
      const bool lacks = lacks_endpoints(**ingress);
      return admit(kIngresses.kind, item, references_of(**ingress, options.annotations_prefix), lacks);
    };
  }
  if (&resource == &kConfigMaps && options.config_map) {
    return [this](const Item& item) {
      if (item.name != *options.config_map || item.objects.empty()) return Admission::show;
      const auto* settings = std::get_if<std::shared_ptr<const kube::ConfigMap>>(&item.objects.front());
      return settings ? admit(kConfigMaps.kind, item, references_of(**settings)) : Admission::hide;
    };
  }
  return {};
}

bool ApiSource::State::selected(const std::string& ns) {
  if (options.namespace_selector.empty()) return true;
  const Part* namespaces = part_of(kNamespaces, {});
  return namespaces && namespaces->store.knows({"", ns});
}

// An object appears when everything it names is there, or when it has waited long enough.
Admission ApiSource::State::admit(const char* kind, const Item& item, const References& named, bool lacks_more) {
  const ReferenceBook::Owner owner{kind, item.name};
  drop(references.set(owner, named));
  bool missing = lacks_more;
  for (const Reference& reference : named) missing = must_fetch(reference) || missing;
  const auto known = waiting.find(owner);
  if (!missing) {
    if (known != waiting.end()) waiting.erase(known);
    return Admission::show;
  }
  const auto now = Clock::now();
  if (known != waiting.end()) return now < known->second ? Admission::wait : Admission::show;
  waiting.emplace(owner, now + options.reference_wait);
  auto timer = std::make_shared<asio::steady_timer>(context, options.reference_wait);
  timer->async_wait([weak = weak_from_this(), timer, owner](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->stopped) return;
    const auto waits = self->waiting.find(owner);
    if (waits == self->waiting.end() || Clock::now() < waits->second) return;
    for (const auto& part : self->parts) {
      if (part->resource.kind == owner.first) part->store.refresh(owner.second);
    }
    self->waiting.erase(owner);
    if (owner.first == kIngresses.kind) self->backends.set(owner.second, {});
    self->check_synced();
    self->notify();
  });
  return Admission::wait;
}

// A new Ingress waits for the endpoints of its Services. One that is served already waits for those of Services that it
// did not name before, and what it named before is served meanwhile. Before everything is known, nothing is served.
bool ApiSource::State::lacks_endpoints(const kube::Ingress& ingress) {
  const kube::ObjectName name = ingress.meta.object_name();
  std::set<kube::ObjectName> lacking;
  if (synced) {
    const auto shown = sinks.state.find<kube::Ingress>(name);
    const std::set<kube::ObjectName> before = shown ? backends_of(*shown) : std::set<kube::ObjectName>();
    for (const kube::ObjectName& service : backends_of(ingress)) {
      if (!before.contains(service) && !has_endpoints(service)) lacking.insert(service);
    }
  }
  const bool lacks = !lacking.empty();
  backends.set(name, std::move(lacking));
  return lacks;
}

// Whether what the server knows of a Service's endpoints has arrived; that may be that there are none.
bool ApiSource::State::has_endpoints(const kube::ObjectName& service) const {
  const auto object = sinks.state.find<kube::Service>(service);
  return object && (object->type == "ExternalName" || sinks.slices.contains(service));
}

// Some Ingresses may have waited for the endpoints of this Service.
void ApiSource::State::look_again(const kube::ObjectName& service) {
  if (backends.empty() || !has_endpoints(service)) return;
  for (const kube::ObjectName& ingress : backends.waiting_for(service)) {
    for (const auto& part : parts) {
      if (&part->resource == &kIngresses) part->store.refresh(ingress);
    }
  }
}

// Known by name only: it exists, and must be asked for.
bool ApiSource::State::must_fetch(const Reference& reference) {
  const Part* part = part_of(resource_of(reference.kind), reference.name);
  if (!part || !part->store.knows(reference.name) || part->store.complete(reference.name)) return false;
  fetcher.fetch(reference);
  return true;
}

void ApiSource::State::fetched(const Reference& reference, std::optional<Item> item) {
  Part* part = part_of(resource_of(reference.kind), reference.name);
  if (part && item && references.has(reference)) part->store.fill(std::move(*item));
  for (const ReferenceBook::Owner& owner : references.owners_of(reference)) {
    if (!waiting.contains(owner)) continue;
    for (const auto& other : parts) {
      if (other->resource.kind == owner.first) other->store.refresh(owner.second);
    }
  }
  check_synced();
  notify();
}

void ApiSource::State::drop(const References& unused) {
  for (const Reference& reference : unused) {
    if (Part* part = part_of(resource_of(reference.kind), reference.name)) part->store.reduce(reference.name);
  }
}

void ApiSource::State::forget(const Resource& resource, const kube::ObjectName& name) {
  const ReferenceBook::Owner owner{resource.kind, name};
  waiting.erase(owner);
  if (&resource == &kIngresses) backends.set(name, {});
  drop(references.forget(owner));
}

// After a list: what is named and was not yet known to be when the list was read.
void ApiSource::State::check_references(const Resource& resource) {
  const auto kind = &resource == &kSecrets ? Reference::Kind::secret : Reference::Kind::config_map;
  for (const Reference& reference : references.all(kind)) must_fetch(reference);
}

ApiSource::ApiSource(asio::io_context& context, ApiClient& client, ApiSourceOptions options,
                     std::function<void()> on_change)
    : state_(std::make_shared<State>(context, client, std::move(options), std::move(on_change))) {}

ApiSource::~ApiSource() {
  state_->stopped = true;
  state_->on_change = {};
  state_->fetcher.stop();
  state_->patience.cancel();
  state_->parts.clear();
}

void ApiSource::start() {
  // What flags name is held whoever else names it.
  References by_flags;
  if (state_->options.config_map) by_flags.insert({Reference::Kind::config_map, *state_->options.config_map});
  for (const kube::ObjectName& name : state_->options.port_services) {
    by_flags.insert({Reference::Kind::config_map, name});
  }
  if (state_->options.default_ssl_certificate) {
    by_flags.insert({Reference::Kind::secret, *state_->options.default_ssl_certificate});
  }
  state_->references.set({"flags", {}}, by_flags);
  state_->add_all();
  state_->begin_those_that_can();
}

bool ApiSource::synced() const {
  return state_->synced;
}

bool ApiSource::classes_readable() const {
  for (const auto& part : state_->parts) {
    if (&part->resource == &kIngressClasses) return !part->denied;
  }
  return false;
}

std::vector<std::string> ApiSource::missing() const {
  std::vector<std::string> names;
  for (const auto& part : state_->parts) {
    if (!part->settled()) names.push_back(part->reflector->name());
  }
  return names;
}

const kube::ClusterState& ApiSource::state() const {
  return state_->sinks.state;
}

kube::Changes ApiSource::take_changes() {
  kube::Changes changes = std::exchange(state_->sinks.changes, {});
  changes.everything = std::exchange(state_->first_take, false);
  return changes;
}

base::Diagnostics ApiSource::diagnostics() const {
  base::Diagnostics all;
  for (const auto& part : state_->parts) {
    base::Diagnostics more = part->store.diagnostics();
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return all;
}

std::vector<WatchReport> ApiSource::report() const {
  std::vector<WatchReport> all;
  const auto now = Clock::now();
  for (const auto& part : state_->parts) {
    const ReflectorStatus& status = part->reflector->status();
    WatchReport report;
    report.resource = part->resource.plural;
    report.synced = status.synced;
    report.denied = part->denied;
    report.objects = part->store.entries().size();
    report.lists = status.lists;
    report.watches = status.watches;
    report.failures = status.failures;
    report.skipped = status.skipped;
    if (status.deaf_since) {
      report.deaf =
          std::chrono::ceil<std::chrono::milliseconds>(now - *status.deaf_since) + std::chrono::milliseconds(1);
    }
    all.push_back(std::move(report));
  }
  return all;
}

}  // namespace weir::watch
