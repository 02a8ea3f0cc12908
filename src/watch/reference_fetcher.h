// ReferenceFetcher: asks for single Secrets and ConfigMaps that became of interest after their list was read. By a list
// with the name as field selector: that is allowed to whoever may list, a GET may not be. At most kAtOnce at a time;
// what is not answered is asked again until it is.
//
// Thread rule: the control thread; `done` too, never from within fetch(). Lifetime: the client must outlive it.
#pragma once

#include "watch/references.h"
#include "watch/watch_event.h"
#include "weir/watch/api_client.h"

#include <functional>
#include <memory>
#include <optional>

namespace boost::asio {
class io_context;
}

namespace weir::watch {

class ReferenceFetcher {
 public:
  static constexpr int kAtOnce = 8;
  // nullopt: there is no such object.
  using Done = std::function<void(const Reference&, std::optional<Item>)>;

  ReferenceFetcher(boost::asio::io_context& context, ApiClient& client, Done done);
  ~ReferenceFetcher();
  ReferenceFetcher(const ReferenceFetcher&) = delete;
  ReferenceFetcher& operator=(const ReferenceFetcher&) = delete;

  // Nothing happens when it is being fetched already.
  void fetch(const Reference& reference);
  bool busy() const;
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::watch
