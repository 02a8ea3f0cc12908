// ObjectStore: what the API server said about one kind of objects in one scope, and what of it is in the ClusterState.
// A replacement (a list) is collected apart and takes effect at once, so that nothing vanishes while it is read; an
// object that is no good any more keeps its last good version. Objects of which nobody needs more than the name are
// kept as names. Values and plain functions; control thread.
#pragma once

#include "watch/watch_event.h"
#include "weir/base/diagnostic.h"
#include "weir/kube/changes.h"
#include "weir/kube/cluster_state.h"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir::watch {

// Where objects become visible, shared by all stores of a source.
struct ObjectSinks {
  kube::ClusterState state;
  kube::Changes changes;
  // EndpointSlices in the state by the name of their Service.
  std::map<kube::ObjectName, std::size_t> slices;
  // Runs when a Service, or an EndpointSlice of it, has become visible; may be empty. May ask a store to refresh().
  std::function<void(const kube::ObjectName& service)> arrived;
};

class ObjectStore {
 public:
  // Asked before an object becomes visible. wait: what is visible stays for now, refresh() asks again. hide: it must
  // not be visible.
  enum class Admission { show, wait, hide };
  using Admits = std::function<Admission(const Item&)>;

  using Removed = std::function<void(const kube::ObjectName&)>;

  // `admits`: empty admits all. `removed`: runs after an object is gone.
  ObjectStore(const Resource& resource, ObjectSinks& sinks, Admits admits = {}, Removed removed = {})
      : resource_(resource), sinks_(sinks), admits_(std::move(admits)), removed_(std::move(removed)) {}

  // A list begins, goes on, and is complete. Events of a watch go to put() and remove().
  void begin_replacing();
  void collect(Item item);
  void uncollect(const kube::ObjectName& name) { coming_.erase(name); }
  void finish_replacing();
  void put(Item item);
  void remove(const kube::ObjectName& name);

  // Looks again at an object that was not admitted, or no longer is.
  void refresh(const kube::ObjectName& name);
  void refresh_all();
  // The object of an Item that was not decoded when it came.
  void fill(Item item);
  // Only the name stays.
  void reduce(const kube::ObjectName& name);

  bool knows(const kube::ObjectName& name) const { return entries_.contains(name); }
  // Decoded once, or no good for ever: there is nothing more to be had.
  bool complete(const kube::ObjectName& name) const;
  const Item* find(const kube::ObjectName& name) const;
  // What is newest, visible or not, in the order of names.
  const std::map<kube::ObjectName, Item>& entries() const { return entries_; }
  base::Diagnostics diagnostics() const;

 private:
  void take(std::map<kube::ObjectName, Item>::iterator entry, Item&& item);
  void show(const Item& item);
  void hide(const kube::ObjectName& name);

  const Resource& resource_;
  ObjectSinks& sinks_;
  Admits admits_;
  Removed removed_;
  std::map<kube::ObjectName, Item> entries_;
  std::map<kube::ObjectName, Item> coming_;
  // What each object has in the state, which may be an older version of it.
  std::map<kube::ObjectName, std::vector<kube::AnyObject>> visible_;
  std::map<kube::ObjectName, std::string> problems_;
};

}  // namespace weir::watch
