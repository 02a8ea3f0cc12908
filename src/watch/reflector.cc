#include "watch/reflector.h"

#include "watch/watch_plan.h"
#include "weir/observe/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <random>
#include <utility>

namespace weir::watch {

namespace asio = boost::asio;
namespace log = observe::log;
using Clock = std::chrono::steady_clock;
using Pause = WatchPlan::Pause;

namespace {

constexpr int kOk = 200;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
// An object of etcd has at most 1.5 MiB; as JSON with escapes it may be several times as long.
constexpr std::size_t kMaxLine = 16u << 20;
constexpr std::size_t kMaxList = 1u << 30;
constexpr std::size_t kMaxRefusal = 1u << 20;
// Between two pieces of an answer that is not a watch.
constexpr std::chrono::seconds kIdle{60};
// A watch that outlives what was asked for is dead.
constexpr std::chrono::seconds kGrace{30};
// One line about a server that stays away, then silence until it is back.
constexpr int kQuietAfter = 1;

}  // namespace

struct Reflector::State {
  State(asio::io_context& c, ApiClient& a, const Resource& r, Scope s, ObjectStore& o, ReflectorCallbacks b,
        ReflectorLimits l)
      : context(c),
        client(a),
        resource(r),
        name(to_string(r, s)),
        store(o),
        callbacks(std::move(b)),
        limits(l),
        plan(r, std::move(s)),
        timer(c),
        random(std::random_device{}()) {}

  asio::io_context& context;
  ApiClient& client;
  const Resource& resource;
  const std::string name;
  ObjectStore& store;
  ReflectorCallbacks callbacks;
  const ReflectorLimits limits;
  WatchPlan plan;
  asio::steady_timer timer;
  std::minstd_rand random;
  ReflectorStatus status;
  bool stopped = false;

  bool may_hurry = false;  // the pause follows from a connection, not from what the server said

  double fraction() { return std::uniform_real_distribution<double>(0, 1)(random); }
  asio::awaitable<void> run();
  asio::awaitable<Pause> turn();
  asio::awaitable<Pause> read_list(ApiStream& stream);
  asio::awaitable<Pause> read_watch(ApiStream& stream, const WatchPlan::Request& request);
  void take(WatchEvent& event);
  Pause refused(int code, const ApiStatus& said, std::chrono::seconds retry_after, bool in_watch);
  Pause failed(const std::string& problem);
  Pause garbled(const std::string& problem);
  void deaf();
  void heard();
  void synced();
};

void Reflector::State::deaf() {
  if (!status.deaf_since) status.deaf_since = Clock::now();
}

void Reflector::State::heard() {
  if (!std::exchange(status.deaf_since, std::nullopt)) return;
  if (plan.failures() > kQuietAfter) log::info("watch", "{}: the API server answers again", name);
  if (callbacks.on_heard) callbacks.on_heard();
}

void Reflector::State::synced() {
  status.synced = true;
  if (callbacks.on_synced) callbacks.on_synced();
}

Pause Reflector::State::failed(const std::string& problem) {
  ++status.failures;
  may_hurry = true;
  deaf();
  if (plan.failures() == 0) log::debug("watch", "{}: {}; trying again", name, problem);
  if (plan.failures() == kQuietAfter) log::warn("watch", "{}: {}; trying again", name, problem);
  return plan.failed(Clock::now(), fraction());
}

Pause Reflector::State::garbled(const std::string& problem) {
  ++status.failures;
  ++status.skipped;
  deaf();
  log::warn("watch", "{}: {}; asking for all of them again", name, problem);
  return plan.garbled(Clock::now(), fraction());
}

Pause Reflector::State::refused(int code, const ApiStatus& said, std::chrono::seconds retry_after, bool in_watch) {
  ++status.failures;
  const bool denied = code == kUnauthorized || code == kForbidden || code == kNotFound;
  if (denied && plan.failures() == 0) {
    log::warn("watch", "{}: the API server answers {}: {}", name, code, said.message);
  } else if (plan.failures() == kQuietAfter || in_watch) {
    log::info("watch", "{}: the API server answers {} {}", name, code, said.message);
  }
  const Pause pause = plan.refused(code, said.reason, said.cause, std::max(retry_after, said.retry_after), in_watch,
                                   Clock::now(), fraction());
  if (pause.count() > 0) deaf();
  if (denied && callbacks.on_denied) callbacks.on_denied(code);
  return pause;
}

asio::awaitable<void> Reflector::State::run() {
  deaf();
  while (!stopped) {
    const Pause pause = co_await turn();
    if (stopped) break;
    if (pause.count() == 0) continue;
    timer.expires_after(pause);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    may_hurry = false;
  }
}

asio::awaitable<Pause> Reflector::State::turn() {
  const WatchPlan::Request request = plan.next(fraction());
  ApiRequest ask;
  ask.method = "GET";
  ask.path = request.path;
  if (request.step == WatchPlan::Step::watch) {
    ++status.watches;
  } else if (plan.at_the_beginning()) {
    ++status.lists;
    store.begin_replacing();
  }
  auto answer = co_await client.open(std::move(ask));
  if (stopped) co_return Pause(0);
  if (!answer) co_return failed(answer.error().text());
  ApiStream& stream = **answer;
  if (stream.status() != kOk) {
    const auto body = co_await stream.read_rest(kIdle, kMaxRefusal);
    if (stopped) co_return Pause(0);
    const ApiStatus said = body ? read_api_status(*body) : ApiStatus{};
    co_return refused(stream.status(), said, stream.retry_after(), false);
  }
  if (request.step == WatchPlan::Step::list) co_return co_await read_list(stream);
  co_return co_await read_watch(stream, request);
}

asio::awaitable<Pause> Reflector::State::read_list(ApiStream& stream) {
  const auto body = co_await stream.read_rest(kIdle, kMaxList);
  if (stopped) co_return Pause(0);
  if (!body) co_return failed(body.error().text());
  auto page = read_list_page(*body, resource, callbacks.wanted);
  if (!page) co_return garbled(page.error().text());
  heard();
  if (page->unreadable > 0) {
    status.skipped += page->unreadable;
    log::warn("watch", "{}: {} items of the list are no {} and were left out", name, page->unreadable, resource.kind);
  }
  for (Item& item : page->items) store.collect(std::move(item));
  if (plan.page(page->resource_version, page->continue_token)) {
    store.finish_replacing();
    synced();
  }
  co_return Pause(0);
}

asio::awaitable<Pause> Reflector::State::read_watch(ApiStream& stream, const WatchPlan::Request& request) {
  const auto began = Clock::now();
  const auto deadline = began + request.length + kGrace;
  std::size_t events = 0;  // bookmarks do not count: a server that sends nothing else may be asked too often
  if (request.step == WatchPlan::Step::watch) heard();
  for (;;) {
    const auto asked = Clock::now();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - asked);
    const auto patience = plan.needs_everything() ? std::min(left, limits.end_of_list) : left;
    const auto line = co_await stream.next_line(std::max(patience, std::chrono::milliseconds(1)), kMaxLine);
    if (stopped) co_return Pause(0);
    const auto now = Clock::now();
    const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - began);
    if (!line) {
      if (line.error().code() == EMSGSIZE) co_return garbled(line.error().text());
      if (plan.needs_everything() && now - asked >= patience) {
        log::info("watch", "{}: the API server sends no end of the present objects; they are listed instead", name);
        co_return plan.unending(now, fraction());
      }
      // What was cut is taken up at once, but not again and again.
      const bool cut_late = !plan.needs_everything() && lasted > std::chrono::seconds(1);
      if (!cut_late) co_return failed(line.error().text());
      log::debug("watch", "{}: {}", name, line.error().text());
      deaf();
      co_return Pause(0);
    }
    if (!*line) {
      deaf();
      const Pause pause = plan.ended(lasted, events, now, fraction());
      if (pause > Pause(0)) ++status.failures;
      co_return pause;
    }
    if ((*line)->empty()) continue;
    auto event = read_watch_event(**line, resource, callbacks.wanted);
    if (!event) co_return garbled(event.error().text());
    if (event->type == WatchEvent::Type::error) {
      co_return refused(event->status.code, event->status, std::chrono::seconds(0), true);
    }
    if (event->type != WatchEvent::Type::bookmark) ++events;
    take(*event);
    if (stopped) co_return Pause(0);
  }
}

void Reflector::State::take(WatchEvent& event) {
  using Type = WatchEvent::Type;
  if (!event.wrong_kind.empty() || event.type == Type::unknown) {
    ++status.skipped;
    log::warn("watch", "{}: an event \"{}\" about {} is left out", name, event.type_text,
              event.wrong_kind.empty() ? resource.kind : event.wrong_kind.c_str());
    return;
  }
  if (!event.item.problem.empty()) ++status.skipped;
  const bool initial = plan.needs_everything();
  switch (event.type) {
    case Type::added:
    case Type::modified:
      if (initial) {
        store.collect(std::move(event.item));
      } else {
        store.put(std::move(event.item));
      }
      break;
    case Type::deleted:
      if (initial) {
        store.uncollect(event.item.name);
      } else {
        store.remove(event.item.name);
      }
      break;
    default:
      break;
  }
  if (initial) {
    // Versions of the present objects say nothing: they come in the order of names.
    if (event.type != Type::bookmark || !event.initial_events_end) return;
    plan.all_sent(event.resource_version);
    heard();
    store.finish_replacing();
    synced();
    return;
  }
  plan.seen(event.resource_version);
  if (event.type != Type::bookmark && callbacks.on_change) callbacks.on_change();
  return;
}

Reflector::Reflector(asio::io_context& context, ApiClient& client, const Resource& resource, Scope scope,
                     ObjectStore& store, ReflectorCallbacks callbacks, ReflectorLimits limits)
    : state_(
          std::make_shared<State>(context, client, resource, std::move(scope), store, std::move(callbacks), limits)) {}

Reflector::~Reflector() {
  state_->stopped = true;
  state_->callbacks = {};
  state_->timer.cancel();
}

void Reflector::start() {
  // The handler keeps the state as long as the coroutine runs.
  asio::co_spawn(state_->context, state_->run(), [self = state_](const std::exception_ptr& escaped) {
    if (!escaped) return;
    try {
      std::rethrow_exception(escaped);
    } catch (const std::exception& error) {
      log::error("watch", "{} are not followed any more: {}; restart Weir", self->name, error.what());
    }
  });
}

void Reflector::hurry() {
  if (state_->may_hurry) state_->timer.cancel();
}

const ReflectorStatus& Reflector::status() const {
  return state_->status;
}

const Resource& Reflector::resource() const {
  return state_->resource;
}

std::string Reflector::name() const {
  return state_->name;
}

}  // namespace weir::watch
