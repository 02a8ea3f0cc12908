// Election: who leads, decided from what was read of the Lease (spec 8.7; docs/life-of-an-object). Pure: the caller
// passes the time and does the requests (leader_election.h).
//
// Rules. A record of somebody else is valid for its duration from the moment it was first SEEN, by our own monotonic
// clock: clocks of machines may differ. We lead from a successful write until `ttl / 2` after that write was SENT,
// while others wait `ttl`: no two lead at once. Times: ttl, ttl / 2 (renewal must succeed), ttl / 4 (between tries).
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace weir::watch {

// spec of a coordination.k8s.io/v1 Lease. Times are texts as on the wire: they are shown to people and compared as
// texts, never used as times.
struct LeaseRecord {
  std::string holder;  // empty: nobody
  int duration_seconds = 0;
  std::string acquired;
  std::string renewed;
  int transitions = 0;

  bool operator==(const LeaseRecord&) const = default;
};

class Election {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Move { wait, create, update };

  // REQUIRES: ttl >= 1 s.
  Election(std::string identity, std::chrono::milliseconds ttl);

  // What to do about the Lease as just read; nullopt: there is none.
  Move next(const std::optional<LeaseRecord>& read, Clock::time_point now);
  // The record to write after next() said create or update. `stamp`: the wall clock, as text.
  LeaseRecord claim(const std::string& stamp) const;
  // The claim was written; the request was sent at `sent`.
  void written(const LeaseRecord& record, Clock::time_point sent);
  // The record that gives the Lease up, valid for one second (others need not wait).
  LeaseRecord release(const std::string& stamp) const;
  void released();

  bool leads(Clock::time_point now) const { return now < leads_until_; }
  Clock::time_point leads_until() const { return leads_until_; }
  // Between two tries: exactly ttl / 4 for the leader; for others up to 2.2 times that. `fraction`: 0..1, at random.
  std::chrono::milliseconds pause(double fraction, Clock::time_point now) const;

  const std::string& identity() const { return identity_; }
  // Who leads as far as known; empty: nobody.
  const std::string& leader() const { return seen_.holder; }

 private:
  std::string identity_;
  std::chrono::milliseconds ttl_;
  LeaseRecord seen_;               // newest record, read or written
  Clock::time_point seen_at_;      // when it became known
  Clock::time_point leads_until_;  // in the past: we do not lead
};

}  // namespace weir::watch
