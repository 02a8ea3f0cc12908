// ManifestStore: the objects of many manifest files as one ClusterState. A change of one file costs as much as that
// file holds, however many files there are. Rules: an object that stands in several files is taken from the one written
// last; a file that cannot be read or parsed keeps its last good objects; a file that is gone takes its objects with
// it.
//
// Thread rule: one thread. Lifetime: owns everything.
#pragma once

#include "watch/manifest.h"
#include "weir/base/diagnostic.h"
#include "weir/kube/changes.h"
#include "weir/kube/cluster_state.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir::watch {

class ManifestStore {
 public:
  // written: the file has just been written, even if with the same bytes. seen: it was found while looking through the
  // folder; with the same bytes as before it is no newer than it was.
  enum class Occasion { written, seen };

  void update(const std::string& file, std::string_view text, Occasion occasion);
  void fail(const std::string& file, const std::string& reason);
  void remove(const std::string& file);

  // Whether objects or diagnostics are other than at the last call.
  bool take_changed();

  const kube::ClusterState& state() const { return state_; }
  // Objects that may be other than at the last call.
  kube::Changes take_changes() { return std::exchange(changes_, {}); }
  base::Diagnostics diagnostics() const;  // ordered by file and line
  std::vector<std::string> files() const;

 private:
  struct File {
    std::size_t hash = 0;
    std::size_t size = 0;
    bool unreadable = true;  // `hash` and `size` say nothing
    std::set<base::ObjectRef> objects;
    base::Diagnostics diagnostics;
  };
  struct Source {
    const std::string* file = nullptr;  // key of files_
    std::uint64_t written = 0;          // higher is later
    int line = 0;
    std::vector<kube::AnyObject> objects;
  };
  struct Entry {
    std::vector<Source> sources;  // one per file
    std::vector<kube::AnyObject> in_state;
  };
  using Files = std::unordered_map<std::string, File>;

  void take_manifest(Files::value_type& file, Manifest manifest);
  void put(Files::value_type& file, ManifestObject object);
  void drop(const std::string& file, const base::ObjectRef& ref);
  void refresh(const base::ObjectRef& ref);
  void set_diagnostics(File& file, base::Diagnostics diagnostics);
  static const Source& newest(const Entry& entry);

  Files files_;
  std::map<base::ObjectRef, Entry> entries_;
  std::set<base::ObjectRef> shared_;  // entries with several sources
  kube::ClusterState state_;
  kube::Changes changes_;
  std::uint64_t now_ = 0;  // counts writes
  bool changed_ = false;
};

}  // namespace weir::watch
