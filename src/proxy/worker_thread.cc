// Step 1 of life-of-a-request, the loop that runs a worker.
#include "proxy/worker_thread.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

#include <exception>
#include <future>
#include <optional>
#include <thread>

namespace weir::proxy {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::milliseconds kTick{100};

}  // namespace

// All but `context` and `thread` is used on the worker's thread only.
struct WorkerThread::Loop {
  asio::io_context context{1};
  std::promise<std::string> started;
  std::thread thread;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::optional<Worker> worker;
  std::optional<asio::posix::stream_descriptor> events;
  std::optional<asio::steady_timer> timer;
  std::optional<std::chrono::steady_clock::time_point> deadline;  // of a drain
  std::atomic<bool>* drained = nullptr;

  void wait_for_events() {
    events->async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (error) return;
      worker->drain_events();
      wait_for_events();
    });
  }

  void wait_for_tick() {
    timer->expires_after(kTick);
    timer->async_wait([this](error_code error) {
      if (error) return;
      worker->tick();
      if (deadline) check_drained();
      wait_for_tick();
    });
  }

  void check_drained() {
    if (!worker->idle() && std::chrono::steady_clock::now() >= *deadline) worker->cut();
    if (worker->idle()) drained->store(true, std::memory_order_release);
  }

  bool set_up(const WorkerServices& services, const std::vector<Listening>& sockets) {
    try {
      worker.emplace(services, [this](std::function<void()> function) { asio::post(context, std::move(function)); });
      events.emplace(context, worker->event_fd());
      timer.emplace(context);
      worker->listen(sockets);
    } catch (const std::exception& error) {  // no descriptors, no memory
      for (const Listening& one : sockets) ::close(one.fd);
      started.set_value(error.what());
      return false;
    }
    started.set_value({});
    return true;
  }

  void run(const WorkerServices& services, const std::vector<Listening>& sockets) {
    if (!set_up(services, sockets)) return;
    wait_for_events();
    wait_for_tick();
    context.run();
    events->release();  // the descriptor is the reactor's
    timer.reset();
    worker.reset();
    events.reset();
  }
};

WorkerThread::WorkerThread(const WorkerServices& services, std::vector<Listening> sockets)
    : loop_(std::make_unique<Loop>()) {
  loop_->drained = &drained_;
  loop_->work.emplace(loop_->context.get_executor());
  loop_->thread = std::thread([this, services, sockets = std::move(sockets)] { loop_->run(services, sockets); });
}

WorkerThread::~WorkerThread() {
  stop();
}

std::string WorkerThread::start_error() {
  return loop_->started.get_future().get();
}

void WorkerThread::publish(route::RoutingTablePtr table) {
  asio::post(loop_->context, [this, table = std::move(table)]() mutable {
    const std::uint64_t generation = table->generation;
    loop_->worker->take_table(std::move(table));
    generation_.store(generation, std::memory_order_release);
  });
}

void WorkerThread::drain(std::chrono::milliseconds limit) {
  asio::post(loop_->context, [this, limit] {
    loop_->worker->begin_drain();
    loop_->deadline = std::chrono::steady_clock::now() + limit;
    loop_->check_drained();
  });
}

void WorkerThread::stop() {
  if (!loop_->thread.joinable()) return;
  loop_->context.stop();
  loop_->thread.join();
}

}  // namespace weir::proxy
