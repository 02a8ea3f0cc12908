// Step 1 of life-of-a-request, the loop that runs a worker: it sleeps in the reactor only. Functions from other threads
// wait in the io_context and are announced by an eventfd; time is a timerfd.
#include "proxy/worker_thread.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <future>
#include <optional>
#include <system_error>
#include <thread>

namespace weir::proxy {
namespace {

namespace asio = boost::asio;

constexpr long kTickNs = 100'000'000;

// A descriptor that can be read as a count of what has happened since the last read.
class CountFd {
 public:
  explicit CountFd(int fd) : fd_(fd) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "descriptor of a worker");
  }
  CountFd(const CountFd&) = delete;
  CountFd& operator=(const CountFd&) = delete;
  ~CountFd() { ::close(fd_); }

  int get() const { return fd_; }
  void add_one() const {
    const std::uint64_t one = 1;
    (void)!::write(fd_, &one, sizeof one);  // only fails when the count is huge, that is, already set
  }
  void clear() const {
    std::uint64_t count = 0;
    (void)!::read(fd_, &count, sizeof count);
  }

 private:
  int fd_;
};

void listen_to(net::Reactor& reactor, int fd, std::function<void()> on_readable) {
  const int error = reactor.add_listener(fd, std::move(on_readable));
  if (error != 0) throw std::system_error(-error, std::generic_category(), "watch of a worker's descriptor");
}

}  // namespace

// All but `context`, `posted` and `thread` is used on the worker's thread only.
struct WorkerThread::Loop {
  asio::io_context context{1};
  CountFd posted{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  CountFd tick{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  std::promise<std::string> started;
  std::thread thread;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::optional<Worker> worker;
  std::optional<std::chrono::steady_clock::time_point> deadline;  // of a drain
  std::atomic<bool>* drained = nullptr;
  bool has_posts = false;
  bool ticked = false;

  // Any thread.
  template <class Function>
  void post(Function function) {
    asio::post(context, std::move(function));
    posted.add_one();
  }

  void check_drained() {
    if (!worker->idle() && std::chrono::steady_clock::now() >= *deadline) worker->cut();
    if (worker->idle()) drained->store(true, std::memory_order_release);
  }

  bool set_up(const WorkerServices& services, const std::vector<Listening>& sockets) {
    try {
      worker.emplace(services, [this](std::function<void()> function) { post(std::move(function)); });
      // Not run inside the reactor: they resume coroutines themselves.
      listen_to(worker->reactor(), posted.get(), [this] { has_posts = true; });
      listen_to(worker->reactor(), tick.get(), [this] { ticked = true; });
      const itimerspec every{{0, kTickNs}, {0, kTickNs}};
      if (::timerfd_settime(tick.get(), 0, &every, nullptr) != 0) {
        throw std::system_error(errno, std::generic_category(), "timer of a worker");
      }
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
    while (!context.stopped()) {
      worker->wait_for_events();
      if (std::exchange(has_posts, false)) {
        posted.clear();  // first: what is posted from now on announces itself again
        context.poll();
      }
      if (std::exchange(ticked, false)) {
        tick.clear();
        worker->tick();
        if (deadline) check_drained();
      }
    }
    worker.reset();
  }
};

WorkerThread::WorkerThread(const WorkerServices& services, std::vector<Listening> sockets)
    : loop_(std::make_unique<Loop>()) {
  loop_->drained = &drained_;
  loop_->thread = std::thread([this, services, sockets = std::move(sockets)] { loop_->run(services, sockets); });
}

WorkerThread::~WorkerThread() {
  stop();
}

std::string WorkerThread::start_error() {
  return loop_->started.get_future().get();
}

void WorkerThread::publish(route::RoutingTablePtr table) {
  loop_->post([this, table = std::move(table)]() mutable {
    const std::uint64_t generation = table->generation;
    loop_->worker->take_table(std::move(table));
    generation_.store(generation, std::memory_order_release);
  });
}

void WorkerThread::open_port(PortKey key, OpenSockets sockets) {
  loop_->post(
      [this, key, sockets = std::move(sockets)]() mutable { loop_->worker->open_port(key, std::move(sockets)); });
}

void WorkerThread::drain(std::chrono::milliseconds limit) {
  loop_->post([this, limit] {
    loop_->worker->begin_drain();
    loop_->deadline = std::chrono::steady_clock::now() + limit;
    loop_->check_drained();
  });
}

void WorkerThread::stop() {
  if (!loop_->thread.joinable()) return;
  loop_->context.stop();
  loop_->posted.add_one();
  loop_->thread.join();
}

}  // namespace weir::proxy
