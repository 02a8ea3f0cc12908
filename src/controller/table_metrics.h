// Controller metrics that follow from the objects and the table: certificates, orphan Ingresses, sizes, diagnostics,
// and which Ingresses request metrics are kept for (spec 8.1). Control thread.
#pragma once

#include "weir/base/diagnostic_book.h"
#include "weir/model/model.h"
#include "weir/observe/metrics.h"
#include "weir/route/routing_table.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace weir::controller {

// Metrics about the contents of a table, kept up to date by what is other than at the call before: a cluster has tens
// of thousands of these series.
class TableMetrics {
 public:
  explicit TableMetrics(observe::Metrics& metrics) : metrics_(metrics) {}

  // Before the table is published: requests to an Ingress are counted from its first one on.
  void take_hosts(const std::shared_ptr<const route::HostList>& hosts);
  // Only a leader tells about certificates (spec 8.1); the series come with the next report().
  void take_lead(bool leads);
  void report(const model::Model& model, const route::RoutingTable& table);

 private:
  using IngressName = std::pair<std::string, std::string>;  // namespace, name
  struct Shown {
    tls::CertificatePtr certificate;
    kube::ObjectName secret;
    bool operator==(const Shown&) const = default;
  };
  using Certificates = std::map<std::pair<std::string, bool>, Shown>;  // host, whether it is the default certificate
  struct Orphan {
    bool no_service = false;
    bool no_endpoints = false;
    bool operator==(const Orphan&) const = default;
  };

  Certificates certificates_of(const model::Model& model, const route::RoutingTable& table) const;
  void report_certificates(Certificates now);
  void show(const std::string& host, const Shown& shown, bool there);
  void report_orphans(const model::Model& model);

  observe::Metrics& metrics_;
  bool leads_ = true;
  std::shared_ptr<const route::HostList> live_hosts_;
  std::map<IngressName, std::size_t> live_;  // locations
  std::shared_ptr<const route::HostList> reported_hosts_;
  Certificates certificates_;
  std::map<IngressName, Orphan> orphans_;
};

void report_diagnostics(const base::DiagnosticBook& book, observe::Metrics& metrics);

// The first 52 bits of a hex digest: exact as a double.
double hash_as_number(const std::string& hex);

}  // namespace weir::controller
