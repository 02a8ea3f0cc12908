#include "watch/object_store.h"

#include <type_traits>
#include <utility>
#include <variant>

namespace weir::watch {
namespace {

template <class Pointer>
using Pointee = std::remove_const_t<typename std::decay_t<Pointer>::element_type>;

template <class T>
constexpr bool kSource = std::is_same_v<T, kube::Pod> || std::is_same_v<T, kube::Node>;  // not part of Changes

void count_slice(ObjectSinks& sinks, const kube::EndpointSlice& slice, bool there) {
  const kube::ObjectName service{slice.meta.ns, slice.service};
  if (there) {
    ++sinks.slices[service];
  } else if (const auto counted = sinks.slices.find(service); --counted->second == 0) {
    sinks.slices.erase(counted);
  }
}

// REQUIRES: there is no object of this name.
void insert(ObjectSinks& sinks, const kube::AnyObject& any) {
  std::visit(
      [&](const auto& object) {
        using T = Pointee<decltype(object)>;
        const kube::ObjectName name = object->meta.object_name();
        sinks.state.of<T>().insert_or_assign(name, object);
        if constexpr (!kSource<T>) sinks.changes.note<T>(name);
        if constexpr (std::is_same_v<T, kube::EndpointSlice>) count_slice(sinks, *object, true);
        if (!sinks.arrived) return;
        if constexpr (std::is_same_v<T, kube::EndpointSlice>) sinks.arrived({object->meta.ns, object->service});
        if constexpr (std::is_same_v<T, kube::Service>) sinks.arrived(name);
      },
      any);
}

void erase(ObjectSinks& sinks, const kube::AnyObject& any) {
  std::visit(
      [&](const auto& object) {
        using T = Pointee<decltype(object)>;
        const kube::ObjectName name = object->meta.object_name();
        sinks.state.of<T>().erase(name);
        if constexpr (std::is_same_v<T, kube::EndpointSlice>) count_slice(sinks, *object, false);
        if constexpr (!kSource<T>) sinks.changes.note<T>(name);
      },
      any);
}

}  // namespace

void ObjectStore::begin_replacing() {
  coming_.clear();
}

void ObjectStore::collect(Item item) {
  kube::ObjectName name = item.name;
  coming_.insert_or_assign(std::move(name), std::move(item));
}

void ObjectStore::finish_replacing() {
  for (auto it = entries_.begin(); it != entries_.end();) {
    const kube::ObjectName name = (it++)->first;
    if (!coming_.contains(name)) remove(name);
  }
  for (auto& [name, item] : coming_) {
    const auto known = entries_.find(name);
    // The same version is the same object: it keeps its address, and nobody looks at it again.
    const bool same = known != entries_.end() && !item.resource_version.empty() &&
                      known->second.resource_version == item.resource_version && known->second.decoded == item.decoded;
    if (!same) put(std::move(item));
  }
  coming_.clear();
}

void ObjectStore::put(Item item) {
  kube::ObjectName name = item.name;
  take(entries_.try_emplace(std::move(name)).first, std::move(item));
}

void ObjectStore::take(std::map<kube::ObjectName, Item>::iterator entry, Item&& item) {
  if (item.problem.empty()) {
    problems_.erase(item.name);
  } else {
    problems_[item.name] = item.problem;
    // The last good version stays.
    item.objects = std::move(entry->second.objects);
  }
  entry->second = std::move(item);
  refresh(entry->first);
}

void ObjectStore::remove(const kube::ObjectName& name) {
  hide(name);
  problems_.erase(name);
  if (entries_.erase(name) > 0 && removed_) removed_(name);
}

void ObjectStore::fill(Item item) {
  const auto entry = entries_.find(item.name);
  // What the watch brought meanwhile is as new.
  if (entry == entries_.end() || !entry->second.decoded) put(std::move(item));
}

void ObjectStore::reduce(const kube::ObjectName& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  hide(name);
  entry->second.objects.clear();
  entry->second.decoded = false;
  problems_.erase(name);
}

void ObjectStore::refresh(const kube::ObjectName& name) {
  const Item* item = find(name);
  if (!item) return hide(name);
  if (!item->decoded && item->objects.empty()) return;
  switch (admits_ ? admits_(*item) : Admission::show) {
    case Admission::show:
      return show(*item);
    case Admission::hide:
      return hide(name);
    case Admission::wait:
      return;
  }
}

void ObjectStore::refresh_all() {
  for (const auto& [name, item] : entries_) refresh(name);
}

void ObjectStore::show(const Item& item) {
  auto& shown = visible_[item.name];
  if (shown == item.objects) return;
  for (const auto& object : shown) erase(sinks_, object);
  for (const auto& object : item.objects) insert(sinks_, object);
  shown = item.objects;
  if (shown.empty()) visible_.erase(item.name);
}

void ObjectStore::hide(const kube::ObjectName& name) {
  const auto it = visible_.find(name);
  if (it == visible_.end()) return;
  for (const auto& object : it->second) erase(sinks_, object);
  visible_.erase(it);
}

bool ObjectStore::complete(const kube::ObjectName& name) const {
  const Item* item = find(name);
  return item && item->decoded;
}

const Item* ObjectStore::find(const kube::ObjectName& name) const {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : &it->second;
}

base::Diagnostics ObjectStore::diagnostics() const {
  base::Diagnostics all;
  for (const auto& [name, problem] : problems_) {
    base::Diagnostic diagnostic;
    diagnostic.severity = base::Severity::error;
    diagnostic.code = "object-invalid";
    diagnostic.object = {resource_.kind, name.ns, name.name};
    const auto shown = visible_.find(name);
    diagnostic.text =
        problem + (shown == visible_.end() ? "; the object is not used" : "; its last good version stays in use");
    all.push_back(std::move(diagnostic));
  }
  return all;
}

}  // namespace weir::watch
