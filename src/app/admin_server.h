// AdminServer: /healthz, /readyz and /metrics on --healthz-port, from a thread of its own, so that neither a long
// compilation nor a slow scrape delays a probe; and what is in force, read-only, on a unix socket that only the
// program's own user may open (`weir config`, `weir dbg`), on the port only with --admin-page. Beast stays in
// admin_server.cc.
//
// Thread rule: start() and stop() by the main thread; the handlers are called on the admin thread.
#pragma once

#include "inspection.h"
#include "weir/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace weir::app {

struct AdminHandlers {
  std::function<bool()> healthy;         // false: 500
  std::function<bool()> ready;           // false: 503
  std::function<std::string()> metrics;  // text/plain; version=0.0.4
  // Answers a GET of /api/...: calls `done` once, from any thread, or drops it at shutdown. Empty: 404.
  using Done = std::function<void(InspectionAnswer)>;
  std::function<void(std::string target, Done done)> inspect = {};
  std::string health_path = {};  // answers as /healthz does, --health-check-path
  bool page_on_port = false;     // serve the page and /api/ on the port too
};

class AdminServer {
 public:
  explicit AdminServer(AdminHandlers handlers);
  ~AdminServer();  // stop()
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // `host` empty: all addresses, IPv6 too where there is any. `port` 0: any free one. Errors name address and cause;
  // their code is the errno.
  base::Result<std::uint16_t> start(const std::string& host, std::uint16_t port);
  // The debug socket, mode 0600; an old socket of that name is replaced. Call before start().
  base::Result<void> listen_local(const std::string& path);
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::app
