#include "weir/watch/election.h"

#include <algorithm>
#include <utility>

namespace weir::watch {
namespace {

constexpr double kJitter = 1.2;

}  // namespace

Election::Election(std::string identity, std::chrono::milliseconds ttl)
    : identity_(std::move(identity)), ttl_(std::max(ttl, std::chrono::milliseconds(1000))) {}

Election::Move Election::next(const std::optional<LeaseRecord>& read, Clock::time_point now) {
  if (!read) {
    seen_ = {};
    leads_until_ = {};
    return Move::create;
  }
  if (*read != seen_) {
    seen_ = *read;
    seen_at_ = now;
  }
  if (seen_.holder == identity_ || seen_.holder.empty()) return Move::update;
  leads_until_ = {};  // somebody else took it
  // A duration of 0 or less comes from a broken writer; it must not make the Lease everybody's.
  const auto duration = seen_.duration_seconds > 0 ? std::chrono::milliseconds(seen_.duration_seconds * 1000LL) : ttl_;
  return now < seen_at_ + duration ? Move::wait : Move::update;
}

LeaseRecord Election::claim(const std::string& stamp) const {
  LeaseRecord record;
  record.holder = identity_;
  record.duration_seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(ttl_).count());
  const bool ours = seen_.holder == identity_;
  record.acquired = ours && !seen_.acquired.empty() ? seen_.acquired : stamp;
  record.renewed = stamp;
  record.transitions = seen_.transitions + (ours || seen_ == LeaseRecord() ? 0 : 1);
  return record;
}

void Election::written(const LeaseRecord& record, Clock::time_point sent) {
  seen_ = record;
  seen_at_ = sent;
  leads_until_ = sent + ttl_ / 2;
}

LeaseRecord Election::release(const std::string& stamp) const {
  LeaseRecord record;
  record.duration_seconds = 1;
  record.acquired = stamp;
  record.renewed = stamp;
  record.transitions = seen_.transitions;
  return record;
}

void Election::released() {
  seen_.holder.clear();
  leads_until_ = {};
}

std::chrono::milliseconds Election::pause(double fraction, Clock::time_point now) const {
  const auto pause = ttl_ / 4;
  if (leads(now)) return pause;
  return pause +
         std::chrono::milliseconds(static_cast<long long>(static_cast<double>(pause.count()) * kJitter * fraction));
}

}  // namespace weir::watch
