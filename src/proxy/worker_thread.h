// WorkerThread: the thread of a Worker and the event loop it runs in: the worker's reactor, an io_context that holds
// the functions that other threads post, and a clock of 100 ms.
#pragma once

#include "proxy/worker.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace weir::proxy {

class WorkerThread {
 public:
  // Starts the thread; it accepts from `sockets`, which it closes, at once.
  WorkerThread(const WorkerServices& services, std::vector<Listening> sockets);
  // Why it could not start; empty: it runs. Waits until that is known. Once, by the control thread.
  std::string start_error();
  ~WorkerThread();  // stop()
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // --- any thread
  void publish(route::RoutingTablePtr table);
  // Behind the table that names the port.
  void open_port(PortKey key, OpenSockets sockets);
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void drain(std::chrono::milliseconds limit);
  bool drained() const { return drained_.load(std::memory_order_acquire); }

  // Ends the loop and joins the thread. The control thread.
  void stop();

 private:
  struct Loop;

  std::unique_ptr<Loop> loop_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> drained_{false};
};

}  // namespace weir::proxy
