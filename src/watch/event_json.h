// JSON of v1 Events, as the original's recorder writes them. Pure.
#pragma once

#include "weir/watch/event_queue.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace weir::watch {

// "web.17a2b3c4d5e6f708": unique among the Events of an object, at most 253 bytes.
std::string event_name(const std::string& object, std::chrono::microseconds stamp, std::uint64_t serial);
std::string new_event(const EventQueue::Write& write, const std::string& name, const std::string& instance,
                      std::chrono::microseconds stamp);
// A merge patch: count and last time.
std::string changed_event(const EventQueue::Write& write, std::chrono::microseconds stamp);

}  // namespace weir::watch
