// BackendWaits: which Ingresses wait for the endpoints of which Services, so that a route appears together with them.
// Values; control thread.
#pragma once

#include "weir/kube/objects.h"

#include <map>
#include <set>

namespace weir::watch {

// The Services that an Ingress sends requests to.
std::set<kube::ObjectName> backends_of(const kube::Ingress& ingress);

class BackendWaits {
 public:
  // `ingress` waits for these from now on, and for no others; none: it does not wait.
  void set(const kube::ObjectName& ingress, std::set<kube::ObjectName> services);
  // Those that wait for `service`, for another look at them.
  std::set<kube::ObjectName> waiting_for(const kube::ObjectName& service) const;
  bool empty() const { return services_.empty(); }

 private:
  std::map<kube::ObjectName, std::set<kube::ObjectName>> services_;   // by Ingress
  std::map<kube::ObjectName, std::set<kube::ObjectName>> ingresses_;  // by Service
};

}  // namespace weir::watch
