#include "shutdown.h"

#include "weir/observe/log.h"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdlib>

namespace weir::app {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kDrainPoll{10};

}  // namespace

struct Shutdown::State {
  explicit State(asio::io_context& c) : context(c), signals(c, SIGTERM, SIGINT), reopen(c, SIGUSR1), timer(c) {}

  asio::io_context& context;
  asio::signal_set signals;
  asio::signal_set reopen;
  asio::steady_timer timer;
  ShutdownSteps steps;
  bool begun = false;
  bool in_a_hurry = false;  // SIGINT: no waits

  void wait_for_signal();
  void wait_for_reopen();
  void begin(int signal);
  void drain();
  void check_drained();
  void after(std::chrono::seconds wait, void (State::*step)());
  void end() { context.stop(); }
};

void Shutdown::State::wait_for_signal() {
  signals.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (begun) {
      observe::stop_log();
      std::_Exit(128 + signal);
    }
    begin(signal);
    wait_for_signal();
  });
}

void Shutdown::State::wait_for_reopen() {
  reopen.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    steps.reopen_logs();
    wait_for_reopen();
  });
}

void Shutdown::State::begin(int signal) {
  begun = true;
  in_a_hurry = signal == SIGINT;
  steps.on_signal(signal);
  after(steps.grace, &State::drain);
}

void Shutdown::State::after(std::chrono::seconds wait, void (State::*step)()) {
  if (in_a_hurry || wait == std::chrono::seconds(0)) {
    (this->*step)();
    return;
  }
  timer.expires_after(wait);
  timer.async_wait([this, step](const boost::system::error_code& error) {
    if (!error) (this->*step)();
  });
}

void Shutdown::State::drain() {
  steps.drain();
  check_drained();
}

void Shutdown::State::check_drained() {
  if (steps.drained()) {
    steps.after_drain();
    after(steps.post_grace, &State::end);
    return;
  }
  timer.expires_after(kDrainPoll);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) check_drained();
  });
}

Shutdown::Shutdown(asio::io_context& context) : state_(std::make_unique<State>(context)) {
  for (const int signal : {SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
}

Shutdown::~Shutdown() = default;

void Shutdown::arm(ShutdownSteps steps) {
  state_->steps = std::move(steps);
  state_->wait_for_signal();
  state_->wait_for_reopen();
}

}  // namespace weir::app
