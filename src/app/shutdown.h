// Shutdown: what signals do (spec 8.9). SIGTERM: not healthy, wait `grace`, drain, wait `post_grace`, end. SIGINT: the
// same without the waits. A second one of either: the process ends at once with 128 + its number. SIGUSR1: log files
// are opened again, as whoever has renamed them asks nginx to. SIGHUP and SIGPIPE are ignored.
//
// Thread rule: the control thread. Lifetime: longer than the io_context runs.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>

namespace weir::app {

struct ShutdownSteps {
  std::chrono::seconds grace{0};
  std::chrono::seconds post_grace{0};
  std::function<void(int signal)> on_signal;
  std::function<void()> drain;  // starts it
  std::function<bool()> drained;
  std::function<void()> after_drain;
  std::function<void()> reopen_logs;
};

class Shutdown {
 public:
  // Takes the signals from now on; they wait for arm().
  explicit Shutdown(boost::asio::io_context& context);
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  // When all steps are done the io_context is stopped.
  void arm(ShutdownSteps steps);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::app
