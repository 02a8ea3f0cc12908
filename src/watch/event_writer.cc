#include "weir/watch/event_writer.h"

#include "watch/api_json.h"
#include "watch/event_json.h"
#include "weir/base/clock.h"
#include "weir/observe/log.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace weir::watch {

namespace asio = boost::asio;
namespace log = observe::log;
using Clock = EventQueue::Clock;

namespace {

constexpr std::size_t kAtOnce = 4;
constexpr std::chrono::seconds kComplaintInterval{60};
constexpr int kNotFound = 404;
constexpr int kTooMany = 429;
constexpr int kServerError = 500;
constexpr std::chrono::seconds kPause{5};  // when the server cannot answer, all wait

}  // namespace

struct EventWriter::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, std::string i, ApiCall c)
      : timer(context), instance(std::move(i)), call(std::move(c)) {}

  asio::steady_timer timer;
  std::string instance;
  ApiCall call;
  EventQueue queue;
  std::size_t busy = 0;
  std::uint64_t serial = 0;
  std::uint64_t written = 0;
  std::uint64_t refused = 0;
  Clock::time_point not_before;  // the server asked for a pause
  Clock::time_point complained;

  void work();
  void send(EventQueue::Write write);
  void take(const EventQueue::Write& write, const std::string& name, const base::Result<ApiAnswer>& answer);
  void complain(const EventQueue::Write& write, const std::string& problem);
};

void EventWriter::State::work() {
  const auto now = Clock::now();
  while (busy < kAtOnce && now >= not_before) {
    std::optional<EventQueue::Write> write = queue.take(now);
    if (!write) break;
    send(std::move(*write));
  }
  const auto due = queue.next_due();
  if (!due || busy >= kAtOnce) return;
  timer.expires_at(std::max(*due, not_before));
  timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->work();
  });
}

void EventWriter::State::send(EventQueue::Write write) {
  ++busy;
  const auto stamp = base::wall_clock();
  const std::string collection = "/api/v1/namespaces/" + write.event.object.ns + "/events";
  ApiRequest request;
  std::string name = write.existing;
  if (name.empty()) {
    name = event_name(write.event.object.name, stamp, ++serial);
    request = {"POST", collection, "", new_event(write, name, instance, stamp)};
  } else {
    request = {"PATCH", collection + "/" + name, "application/merge-patch+json", changed_event(write, stamp)};
  }
  call(std::move(request),
       [weak = weak_from_this(), write = std::move(write), name](const base::Result<ApiAnswer>& answer) {
         if (const auto self = weak.lock()) self->take(write, name, answer);
       });
}

void EventWriter::State::take(const EventQueue::Write& write, const std::string& name,
                              const base::Result<ApiAnswer>& answer) {
  --busy;
  if (answer && answer->status / 100 == 2) {
    ++written;
    queue.written(write, name);
    return work();
  }
  auto loss = EventQueue::Loss::refused;
  if (!answer || answer->status >= kServerError || answer->status == kTooMany) {
    loss = EventQueue::Loss::unanswered;
    not_before = Clock::now() + std::max(kPause, answer ? answer->retry_after : std::chrono::seconds(0));
  } else if (answer->status == kNotFound && !write.existing.empty()) {
    loss = EventQueue::Loss::gone;  // an Event has an end
  } else {
    ++refused;
    complain(write, std::to_string(answer->status) + " " + read_message(answer->body));
  }
  queue.lost(write, loss);
  work();
}

void EventWriter::State::complain(const EventQueue::Write& write, const std::string& problem) {
  const auto now = Clock::now();
  if (complained != Clock::time_point() && now < complained + kComplaintInterval) return;
  complained = now;
  log::warn("events", "an Event ({}) about {} could not be written: {}", write.event.reason,
            base::to_string(write.event.object), problem);
}

EventWriter::EventWriter(asio::io_context& context, std::string instance, ApiCall call)
    : state_(std::make_shared<State>(context, std::move(instance), std::move(call))) {}

EventWriter::~EventWriter() {
  state_->timer.cancel();
}

void EventWriter::offer(Event event) {
  state_->queue.offer(std::move(event), Clock::now(), base::wall_clock());
  state_->work();
}

std::uint64_t EventWriter::written() const {
  return state_->written;
}

std::uint64_t EventWriter::dropped() const {
  return state_->queue.dropped() + state_->refused;
}

}  // namespace weir::watch
