#include "cluster_writers.h"

#include "weir/observe/log.h"
#include "weir/watch/event_writer.h"
#include "weir/watch/leader_election.h"
#include "weir/watch/status_writer.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <utility>

namespace weir::app {

namespace asio = boost::asio;
using Role = controller::StatusReporter::Role;

namespace {

// Well below the 30 s that a kubelet grants by default.
constexpr std::chrono::seconds kShutDownLimit{20};

const char* to_string(watch::StatusWriter::Outcome outcome) {
  switch (outcome) {
    case watch::StatusWriter::Outcome::written:
      return "written";
    case watch::StatusWriter::Outcome::unchanged:
      return "unchanged";
    case watch::StatusWriter::Outcome::failed:
      return "failed";
    case watch::StatusWriter::Outcome::gone:
      break;
  }
  return "gone";
}

controller::StatusOptions status_options(const ServeOptions& options, const kube::ObjectName& pod) {
  controller::StatusOptions status = options.status;
  status.pod = pod;
  status.annotations_prefix = options.model.annotations_prefix;
  for (const auto& map : {options.model.tcp_services, options.model.udp_services}) {
    if (map) status.port_maps.push_back(*map);
  }
  return status;
}

}  // namespace

struct ClusterWriters::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, const ServeOptions& o, const kube::ObjectName& pod, observe::Metrics& m,
        const watch::ApiCall& call, std::function<void(bool)> lead)
      : options(o),
        lease{pod.ns, o.election_id},
        identity(pod.name),
        on_lead(std::move(lead)),
        metrics(m),
        status(context, call,
               [this](watch::StatusWriter::Outcome outcome) {
                 metrics.registry().add("weir_status_writes_total", metrics.labels({{"outcome", to_string(outcome)}}));
               }),
        events(std::make_shared<watch::EventWriter>(context, pod.name, call)),
        reporter(status_options(o, pod), status, *events),
        election(context, {lease, pod.name, o.election_ttl}, call, [this](bool leads) { take_lead(leads); }),
        check_timer(context),
        limit(context) {}

  const ServeOptions& options;
  kube::ObjectName lease;
  std::string identity;
  std::function<void(bool leads)> on_lead;
  observe::Metrics& metrics;
  watch::StatusWriter status;
  std::shared_ptr<watch::EventWriter> events;
  controller::StatusReporter reporter;
  watch::LeaderElection election;
  asio::steady_timer check_timer;
  asio::steady_timer limit;
  std::function<void()> done;
  bool stopping = false;

  void take_lead(bool leads) {
    metrics.registry().set("nginx_ingress_controller_leader_election_status",
                           metrics.labels({{"name", options.election_id}}), leads ? 1 : 0);
    reporter.take_role(leads ? Role::leader : Role::follower);
    if (leads) reporter.tell_leadership(lease, identity);
    on_lead(leads);
  }
  void check_later() {
    check_timer.expires_after(options.status_interval);
    check_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopping) return;
      self->reporter.check();
      self->check_later();
    });
  }
  void end() {
    limit.cancel();
    if (auto last = std::exchange(done, nullptr)) last();
  }
};

ClusterWriters::ClusterWriters(asio::io_context& context, const ServeOptions& options, const kube::ObjectName& pod,
                               observe::Metrics& metrics, const watch::ApiCall& call,
                               std::function<void(bool leads)> on_lead)
    : state_(std::make_shared<State>(context, options, pod, metrics, call, std::move(on_lead))) {
  const std::weak_ptr<watch::EventWriter> events = state_->events;
  metrics.add_counter_source("weir_events_written_total", [events] {
    const auto writer = events.lock();
    return writer ? writer->written() : 0;
  });
  metrics.add_counter_source("weir_events_dropped_total", [events] {
    const auto writer = events.lock();
    return writer ? writer->dropped() : 0;
  });
}

ClusterWriters::~ClusterWriters() = default;

void ClusterWriters::start() {
  state_->check_later();
  if (state_->options.leader_election) {
    state_->take_lead(false);
    state_->election.start();
  } else {
    observe::log::info("election", "takes part in no election (--disable-leader-election): no status is written");
    state_->reporter.take_role(Role::events_only);
  }
}

void ClusterWriters::after_turn(const controller::Turn& turn) {
  const kube::ClusterState& s = turn.state;
  const std::array<std::pair<const char*, std::size_t>, 8> counts{{{"Ingress", s.ingresses.size()},
                                                                   {"IngressClass", s.ingress_classes.size()},
                                                                   {"Service", s.services.size()},
                                                                   {"EndpointSlice", s.endpoint_slices.size()},
                                                                   {"Secret", s.secrets.size()},
                                                                   {"ConfigMap", s.config_maps.size()},
                                                                   {"Pod", s.pods.size()},
                                                                   {"Node", s.nodes.size()}}};
  observe::Metrics& metrics = state_->metrics;
  for (const auto& [kind, count] : counts) {
    metrics.registry().set("weir_objects", metrics.labels({{"kind", kind}}), static_cast<double>(count));
  }
  state_->reporter.after_turn(turn);
}

void ClusterWriters::shut_down(std::function<void()> done) {
  State& s = *state_;
  if (s.stopping) return;
  s.stopping = true;
  s.done = std::move(done);
  s.check_timer.cancel();
  s.limit.expires_after(kShutDownLimit);
  s.limit.async_wait([weak = s.weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    observe::log::warn("status", "the API server did not take everything within {} s", kShutDownLimit.count());
    self->end();
  });
  s.reporter.shut_down([weak = s.weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->election.release([weak] {
      if (const auto still = weak.lock()) still->end();
    });
  });
}

}  // namespace weir::app
