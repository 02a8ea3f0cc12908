// FileSource: fills a ClusterState from the manifests of a folder and follows their changes (life-of-an-object, step 1,
// standalone mode). Reads the .yaml, .yml and .json files of the folder itself; hidden entries are not read. Files may
// come by rename, go by unlink, be written in place, or be links into a mounted ConfigMap ("..data" is swapped).
//
// Rules: changes are taken in the order they were written, and what one call of `on_change` shows is complete: nothing
// written earlier than something visible is missing (bursts of more than 2,048 files are shown in parts). Of an object
// in several files the one written last counts. A file or document that no longer parses keeps its last good objects
// and is reported. A folder that vanishes keeps them too, and is looked for again; nothing but start() ever gives up.
//
// Thread rule: everything on the io_context's one thread (the control thread); `on_change` too, never from within
// start(). Lifetime: the io_context must outlive the source; destroying it, also from `on_change`, ends all callbacks.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/base/result.h"
#include "weir/kube/changes.h"
#include "weir/kube/cluster_state.h"

#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace weir::watch {

class FileSource {
 public:
  FileSource(boost::asio::io_context& context, std::string folder, std::function<void()> on_change);
  ~FileSource();
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  // Reads everything, then watches. Fails when the folder cannot be read or watched; files that cannot be read are
  // diagnostics. Call once.
  base::Result<void> start();

  // Objects keep their address while they keep their value. Valid until the next change.
  const kube::ClusterState& state() const;
  // Which objects may be other than at the last call; at the first one, everything.
  kube::Changes take_changes();
  // What is wrong right now, with file and line; codes as in load_path.h.
  base::Diagnostics diagnostics() const;

 private:
  class Watcher;
  std::shared_ptr<Watcher> watcher_;
};

}  // namespace weir::watch
