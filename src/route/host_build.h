// One host of the model, compiled. Deterministic but for the ids and the last good certificate. Control thread.
#pragma once

#include "route/certificate_store.h"
#include "route/host_matcher.h"
#include "route/ids.h"
#include "route/policy_pool.h"
#include "weir/base/diagnostic.h"
#include "weir/model/model.h"
#include "weir/route/compile.h"

#include <memory>
#include <set>
#include <vector>

namespace weir::route {

using IngressSet = std::set<kube::ObjectName>;

// What hosts are compiled with; lives in the Compiler.
struct BuildTools {
  const CompileOptions& options;
  Ids& ids;
  PatternCache& patterns;
  PolicyPool& policies;
  CertificateStore& certificates;
};

struct HostInput {
  const model::Host& host;
  BackendId default_backend = kNoBackend;  // for a missing "/"
  const IngressSet& denied;                // Ingresses with a path that does not compile, here or on another host
  tls::CertificatePtr certificate_before;
};

struct BuiltHost {
  std::shared_ptr<Host> host;
  base::Diagnostics diagnostics;
  IngressSet bad;  // Ingresses with a path here that does not compile
};

BuiltHost build_host(const HostInput& input, const BuildTools& tools);

}  // namespace weir::route
