#include "weir/watch/leader_election.h"

#include "watch/api_json.h"
#include "weir/base/clock.h"
#include "weir/observe/log.h"
#include "weir/watch/election.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <random>
#include <utility>

namespace weir::watch {

namespace asio = boost::asio;
namespace log = observe::log;
using Clock = Election::Clock;

namespace {

constexpr int kOk = 200;
constexpr int kCreated = 201;
constexpr int kNotFound = 404;

}  // namespace

struct LeaderElection::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, LeaderElectionOptions o, ApiCall c, std::function<void(bool)> changed)
      : options(std::move(o)),
        call(std::move(c)),
        on_change(std::move(changed)),
        election(options.identity, options.ttl),
        retry(context),
        expiry(context),
        random(std::random_device{}()) {}

  LeaderElectionOptions options;
  ApiCall call;
  std::function<void(bool)> on_change;
  Election election;
  asio::steady_timer retry;
  asio::steady_timer expiry;  // of our own leadership
  std::minstd_rand random;

  std::string object;      // the Lease as last read or written; empty: to be read
  bool announced = false;  // what on_change said last
  bool stopped = false;
  std::string last_problem;

  std::string collection() const { return "/apis/coordination.k8s.io/v1/namespaces/" + options.lease.ns + "/leases"; }
  std::string path() const { return collection() + "/" + options.lease.name; }

  void ask(std::string method, std::string where, std::string body, std::function<void(State&, const ApiAnswer&)> then);
  void attempt();
  void take_read(const ApiAnswer& answer);
  void write(Election::Move move);
  void take_written(const ApiAnswer& answer, const LeaseRecord& record, Clock::time_point sent);
  void again();
  void failed(const std::string& what);
  void announce();
};

// Sends; an error of the transport counts as an attempt that failed.
void LeaderElection::State::ask(std::string method, std::string where, std::string body,
                                std::function<void(State&, const ApiAnswer&)> then) {
  call({std::move(method), std::move(where), "", std::move(body)},
       [weak = weak_from_this(), then = std::move(then)](base::Result<ApiAnswer> answer) {
         const auto self = weak.lock();
         if (!self || self->stopped) return;
         if (!answer) return self->failed(answer.error().text());
         then(*self, *answer);
       });
}

void LeaderElection::State::attempt() {
  // The leader knows what it wrote: one request instead of two.
  if (election.leads(Clock::now()) && !object.empty()) return write(Election::Move::update);
  ask("GET", path(), "", [](State& self, const ApiAnswer& answer) { self.take_read(answer); });
}

void LeaderElection::State::take_read(const ApiAnswer& answer) {
  if (answer.status == kNotFound) {
    object.clear();
    return write(election.next(std::nullopt, Clock::now()));
  }
  if (answer.status != kOk) {
    return failed("reading it was answered with " + std::to_string(answer.status) + " " + read_message(answer.body));
  }
  const base::Result<LeaseRecord> record = read_lease(answer.body);
  if (!record) return failed(record.error().text());
  object = answer.body;
  const Election::Move move = election.next(*record, Clock::now());
  if (move != Election::Move::wait) return write(move);
  last_problem.clear();
  again();
}

void LeaderElection::State::write(Election::Move move) {
  const LeaseRecord record = election.claim(rfc3339_micro(base::wall_clock()));
  const bool create = move == Election::Move::create;
  const auto sent = Clock::now();
  ask(create ? "POST" : "PUT", create ? collection() : path(),
      create ? new_lease(options.lease, record) : changed_lease(object, record),
      [record, sent](State& self, const ApiAnswer& answer) { self.take_written(answer, record, sent); });
}

void LeaderElection::State::take_written(const ApiAnswer& answer, const LeaseRecord& record, Clock::time_point sent) {
  object.clear();  // read it again unless the answer is what was written
  if (answer.status != kOk && answer.status != kCreated) {
    // 409: somebody else was faster; the next try reads what they wrote.
    return failed("writing it was answered with " + std::to_string(answer.status) + " " + read_message(answer.body));
  }
  if (read_lease(answer.body)) object = answer.body;
  election.written(record, sent);
  last_problem.clear();
  again();
}

void LeaderElection::State::failed(const std::string& what) {
  object.clear();
  if (what != last_problem) {
    log::warn("election", "Lease {}: {}; trying again", kube::to_string(options.lease), what);
    last_problem = what;
  }
  again();
}

void LeaderElection::State::again() {
  announce();
  if (stopped) return;
  const double fraction =
      static_cast<double>(random() - random.min()) / static_cast<double>(random.max() - random.min());
  retry.expires_after(election.pause(fraction, Clock::now()));
  retry.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->stopped) self->attempt();
  });
}

// Tells when leadership changed, and wakes when ours runs out although no request comes back.
void LeaderElection::State::announce() {
  const bool leads = election.leads(Clock::now());
  if (leads) {
    expiry.expires_at(election.leads_until());
    expiry.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && !self->stopped) self->announce();
    });
  }
  if (leads == announced) return;
  announced = leads;
  if (leads) {
    log::info("election", "{} leads (Lease {})", options.identity, kube::to_string(options.lease));
  } else {
    log::warn("election", "{} no longer leads (Lease {}{}); traffic is not affected", options.identity,
              kube::to_string(options.lease), last_problem.empty() ? "" : ": " + last_problem);
  }
  on_change(leads);
}

LeaderElection::LeaderElection(asio::io_context& context, LeaderElectionOptions options, ApiCall call,
                               std::function<void(bool)> on_change)
    : state_(std::make_shared<State>(context, std::move(options), std::move(call), std::move(on_change))) {}

LeaderElection::~LeaderElection() {
  state_->stopped = true;
  state_->retry.cancel();
  state_->expiry.cancel();
}

void LeaderElection::start() {
  state_->attempt();
}

void LeaderElection::release(std::function<void()> done) {
  State& s = *state_;
  const bool ours = !s.stopped && s.election.leads(Clock::now()) && !s.object.empty();
  s.stopped = true;
  s.retry.cancel();
  s.expiry.cancel();
  if (!ours) return done();
  s.announced = false;
  const LeaseRecord record = s.election.release(rfc3339_micro(base::wall_clock()));
  const std::string body = changed_lease(s.object, record);
  s.election.released();
  s.call({"PUT", s.path(), "", body},
         [done = std::move(done), lease = s.options.lease](base::Result<ApiAnswer> answer) {
           if (!answer || answer->status != kOk) {
             log::warn("election", "Lease {} could not be given up: {}", kube::to_string(lease),
                       answer ? std::to_string(answer->status) : answer.error().text());
           }
           done();
         });
}

bool LeaderElection::leads() const {
  return state_->election.leads(Clock::now());
}

std::string LeaderElection::leader() const {
  return state_->election.leader();
}

}  // namespace weir::watch
