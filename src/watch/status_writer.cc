#include "weir/watch/status_writer.h"

#include "watch/api_json.h"
#include "watch/retry_budget.h"
#include "weir/observe/log.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>
#include <set>
#include <utility>

namespace weir::watch {

namespace asio = boost::asio;
namespace log = observe::log;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kAtOnce = 10;
constexpr double kRepetitionsPerSecond = 10;
constexpr double kRepetitionsBurst = 100;
constexpr int kOk = 200;
constexpr int kNotFound = 404;
constexpr int kConflict = 409;

struct Wish {
  std::vector<kube::LoadBalancerAddress> addresses;
  int failures = 0;
  bool waiting = false;  // in the queue, or its pause runs
};

}  // namespace

struct StatusWriter::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, ApiCall c, Report r)
      : timer(context), call(std::move(c)), report(std::move(r)), budget(kRepetitionsPerSecond, kRepetitionsBurst) {}

  asio::steady_timer timer;
  ApiCall call;
  Report report;
  TokenBucket budget;
  std::map<kube::ObjectName, Wish> wishes;
  std::deque<kube::ObjectName> queue;
  std::multimap<Clock::time_point, kube::ObjectName> paused;
  std::set<kube::ObjectName> busy;
  std::vector<std::function<void()>> idle_waiters;

  static std::string path(const kube::ObjectName& name, const char* subresource) {
    return "/apis/networking.k8s.io/v1/namespaces/" + name.ns + "/ingresses/" + name.name + subresource;
  }
  // What is wanted of `name` now; null: nothing any more.
  Wish* wish(const kube::ObjectName& name) {
    const auto it = wishes.find(name);
    return it == wishes.end() ? nullptr : &it->second;
  }

  void enqueue(const kube::ObjectName& name, Wish& wish);
  void work();
  void ask(const kube::ObjectName& name, ApiRequest request,
           void (State::*take)(const kube::ObjectName&, const ApiAnswer&));
  void take_read(const kube::ObjectName& name, const ApiAnswer& answer);
  void take_written(const kube::ObjectName& name, const ApiAnswer& answer);
  void end(const kube::ObjectName& name, Outcome outcome);
  void repeat(const kube::ObjectName& name, const std::string& problem, std::chrono::seconds at_least);
  void wake();
  void forget_everything() {
    wishes.clear();
    queue.clear();
    paused.clear();
    timer.cancel();
  }
};

void StatusWriter::State::enqueue(const kube::ObjectName& name, Wish& wish) {
  if (wish.waiting || busy.contains(name)) return;
  wish.waiting = true;
  queue.push_back(name);
}

void StatusWriter::State::work() {
  while (busy.size() < kAtOnce && !queue.empty()) {
    const kube::ObjectName name = std::move(queue.front());
    queue.pop_front();
    Wish* wanted = wish(name);
    if (!wanted || !wanted->waiting) continue;
    wanted->waiting = false;
    busy.insert(name);
    ask(name, {"GET", path(name, ""), "", ""}, &State::take_read);
  }
  if (!busy.empty() || !wishes.empty()) return;
  const auto waiters = std::exchange(idle_waiters, {});
  for (const auto& done : waiters) done();
}

void StatusWriter::State::ask(const kube::ObjectName& name, ApiRequest request,
                              void (State::*take)(const kube::ObjectName&, const ApiAnswer&)) {
  call(std::move(request), [weak = weak_from_this(), name, take](const base::Result<ApiAnswer>& answer) {
    const auto self = weak.lock();
    if (!self) return;
    if (!answer) return self->repeat(name, answer.error().text(), std::chrono::seconds(0));
    ((*self).*take)(name, *answer);
  });
}

void StatusWriter::State::take_read(const kube::ObjectName& name, const ApiAnswer& answer) {
  const Wish* wanted = wish(name);
  if (!wanted) return end(name, Outcome::unchanged);  // forgotten meanwhile
  if (answer.status == kNotFound) return end(name, Outcome::gone);
  if (answer.status != kOk) {
    return repeat(name,
                  "reading it was answered with " + std::to_string(answer.status) + " " + read_message(answer.body),
                  answer.retry_after);
  }
  const auto current = read_status(answer.body);
  if (!current) return repeat(name, current.error().text(), answer.retry_after);
  if (*current == wanted->addresses) return end(name, Outcome::unchanged);
  ask(name, {"PUT", path(name, "/status"), "", changed_status(answer.body, wanted->addresses)}, &State::take_written);
}

void StatusWriter::State::take_written(const kube::ObjectName& name, const ApiAnswer& answer) {
  if (answer.status == kNotFound) return end(name, Outcome::gone);
  if (answer.status == kConflict) return repeat(name, "", answer.retry_after);  // somebody wrote meanwhile: read again
  if (answer.status != kOk) {
    return repeat(name,
                  "writing it was answered with " + std::to_string(answer.status) + " " + read_message(answer.body),
                  answer.retry_after);
  }
  // Something else may be wanted by now: then this was not the last word.
  const Wish* wanted = wish(name);
  const auto written = read_status(answer.body);
  if (wanted && written && *written != wanted->addresses) {
    report(Outcome::written);
    return repeat(name, "", answer.retry_after);
  }
  end(name, Outcome::written);
}

void StatusWriter::State::end(const kube::ObjectName& name, Outcome outcome) {
  busy.erase(name);
  wishes.erase(name);
  report(outcome);
  work();
}

void StatusWriter::State::repeat(const kube::ObjectName& name, const std::string& problem,
                                 std::chrono::seconds at_least) {
  busy.erase(name);
  Wish* wanted = wish(name);
  if (!wanted) return work();
  if (!problem.empty()) {
    if (wanted->failures == 0) log::warn("status", "Ingress {}: {}; trying again", kube::to_string(name), problem);
    report(Outcome::failed);
  }
  ++wanted->failures;
  wanted->waiting = true;
  const auto now = Clock::now();
  const auto pause = std::max(
      {backoff(wanted->failures), budget.take(now), std::chrono::duration_cast<std::chrono::milliseconds>(at_least)});
  paused.emplace(now + pause, name);
  wake();
  work();
}

void StatusWriter::State::wake() {
  if (paused.empty()) return;
  timer.expires_at(paused.begin()->first);
  timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    const auto due = self->paused.upper_bound(Clock::now());
    for (auto it = self->paused.begin(); it != due; ++it) self->queue.push_back(it->second);
    self->paused.erase(self->paused.begin(), due);
    self->wake();
    self->work();
  });
}

StatusWriter::StatusWriter(asio::io_context& context, ApiCall call, Report report)
    : state_(std::make_shared<State>(context, std::move(call), std::move(report))) {}

StatusWriter::~StatusWriter() {
  state_->forget_everything();
  state_->idle_waiters.clear();
}

void StatusWriter::want(const kube::ObjectName& ingress, const std::vector<kube::LoadBalancerAddress>& addresses) {
  Wish& wish = state_->wishes[ingress];
  wish.addresses = addresses;
  state_->enqueue(ingress, wish);
  state_->work();
}

void StatusWriter::forget(const kube::ObjectName& ingress) {
  state_->wishes.erase(ingress);
}

void StatusWriter::forget_all() {
  state_->forget_everything();
}

void StatusWriter::when_idle(std::function<void()> done) {
  state_->idle_waiters.push_back(std::move(done));
  state_->work();
}

}  // namespace weir::watch
