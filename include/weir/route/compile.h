// compile (life-of-an-object, step 5): Model -> RoutingTable. Hosts whose model did not change are taken from the
// previous compilation. Deterministic; the only state is `Compiler`, which hands out ids and remembers the last model
// and the last good certificate of each host. Control thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/model/model.h"
#include "weir/route/routing_table.h"
#include "weir/tls/certificate.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace weir::route {

struct CompileOptions {
  std::uint16_t http_port = 80;
  std::uint16_t https_port = 443;
  std::string health_check_path = "/healthz";
  std::optional<kube::ObjectName> config_map;  // --configmap: what is wrong with its values is told about it
  bool tls = true;                             // false: no certificates are loaded
  // Makes what is served where there is no default certificate; asked once. Its RSA key takes 0.05 to 0.5 s. Empty:
  // none is served, for tables that nobody connects to (check, explain).
  std::function<tls::CertificatePtr()> fake_certificate = tls::generate_fake_certificate;
  bool verify_auth_url = true;  // certificates of authentication services (--verify-auth-url)
  // Which filters act on a location; bit i belongs to the i-th entry of features/filter_order.h.
  std::function<std::uint64_t(const features::Policies&)> filter_mask;
};

struct CompileResult {
  RoutingTablePtr table;
  base::Diagnostics diagnostics;  // broken certificates, regexes that do not compile ...
};

class Compiler {
 public:
  explicit Compiler(CompileOptions options);
  ~Compiler();
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  CompileResult compile(const model::Model& model);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::route
