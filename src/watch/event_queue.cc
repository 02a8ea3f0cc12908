#include "weir/watch/event_queue.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace weir::watch {
namespace {

constexpr double kPerSecond = 25;
constexpr double kBurst = 200;

// Cuts between characters: the API server takes nothing but UTF-8.
void cut(std::string& text, std::size_t size) {
  if (text.size() <= size) return;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
}

// Two contents of one hash would be counted as one Event: nothing but a number on the object's own page is wrong then.
std::size_t content_of(const Event& event) {
  return std::hash<std::string>()(event.uid + '\0' + event.message);
}

}  // namespace

void EventQueue::wait(Slots::iterator slot, Clock::time_point at) {
  if (slot->second.waiting || slot->second.on_its_way) return;
  slot->second.waiting = true;
  waiting_.emplace(at, slot);
}

void EventQueue::sweep(Clock::time_point now) {
  std::erase_if(slots_, [now](const auto& entry) {
    const Slot& slot = entry.second;
    return !slot.waiting && !slot.on_its_way && (!slot.last_take || *slot.last_take + kInterval <= now);
  });
}

void EventQueue::offer(Event event, Clock::time_point now, std::chrono::microseconds stamp) {
  cut(event.message, kMaxMessage);
  Key key{event.object, event.reason};
  auto it = slots_.find(key);
  if (it == slots_.end()) {
    if (slots_.size() >= kMaxSlots) sweep(now);
    if (slots_.size() >= kMaxSlots) {
      ++dropped_;
      return;
    }
    it = slots_.emplace(std::move(key), Slot()).first;
  }
  Slot& slot = it->second;
  if (slot.pending_count == 0 || slot.pending->message != event.message) {
    slot.pending_count = 0;
    slot.pending_stamp = stamp;
  }
  ++slot.pending_count;
  slot.pending = std::make_unique<Event>(std::move(event));
  wait(it, slot.last_take ? std::max(now, *slot.last_take + kInterval) : now);
}

std::optional<EventQueue::Write> EventQueue::take(Clock::time_point now) {
  if (waiting_.empty() || waiting_.begin()->first > now) return std::nullopt;
  if (filled_) tokens_ = std::min(kBurst, tokens_ + std::chrono::duration<double>(now - *filled_).count() * kPerSecond);
  filled_ = now;
  if (tokens_ < 1) return std::nullopt;
  tokens_ -= 1;
  const auto it = waiting_.begin()->second;
  waiting_.erase(waiting_.begin());
  Slot& slot = it->second;
  slot.waiting = false;
  slot.on_its_way = true;
  slot.last_take = now;

  Write write;
  write.key = it->first;
  write.event = std::move(*slot.pending);
  slot.pending.reset();
  write.count = slot.pending_count;
  write.first_stamp = slot.pending_stamp;
  const bool same = !slot.name.empty() && slot.content == content_of(write.event) && now < slot.created + kLifetime;
  if (same) {
    write.existing = slot.name;
    write.count += slot.count;
    write.first_stamp = slot.first_stamp;
  } else {
    slot.created = now;
  }
  slot.pending_count = 0;
  return write;
}

void EventQueue::written(const Write& write, const std::string& name) {
  const auto it = slots_.find(write.key);
  if (it == slots_.end()) return;
  Slot& slot = it->second;
  slot.on_its_way = false;
  slot.name = name;
  slot.content = content_of(write.event);
  slot.count = write.count;
  slot.first_stamp = write.first_stamp;
  if (slot.pending_count > 0) wait(it, *slot.last_take + kInterval);
}

void EventQueue::lost(const Write& write, Loss loss) {
  const auto it = slots_.find(write.key);
  if (it == slots_.end()) return;
  Slot& slot = it->second;
  slot.on_its_way = false;
  // What would be added to an Event that is there is less than its count is to be.
  const int added = write.existing.empty() ? write.count : write.count - slot.count;
  if (loss == Loss::gone) slot.name.clear();
  if (loss == Loss::refused) {
    if (slot.pending_count > 0) wait(it, *slot.last_take + kInterval);
    return;
  }
  if (slot.pending_count > 0 && slot.pending->message == write.event.message) {
    slot.pending_count += added;
  } else if (slot.pending_count == 0) {
    slot.pending = std::make_unique<Event>(write.event);
    slot.pending_count = loss == Loss::gone ? write.count : added;
    slot.pending_stamp = write.first_stamp;
  }
  wait(it, *slot.last_take);
}

std::optional<EventQueue::Clock::time_point> EventQueue::next_due() const {
  if (waiting_.empty()) return std::nullopt;
  auto at = waiting_.begin()->first;
  if (tokens_ < 1 && filled_) {
    const auto refill = std::chrono::duration<double>((1 - tokens_) / kPerSecond);
    at = std::max(at, *filled_ + std::chrono::ceil<std::chrono::milliseconds>(refill));
  }
  return at;
}

}  // namespace weir::watch
