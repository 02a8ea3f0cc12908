// compile (life-of-an-object, step 5): Model -> RoutingTable. Hosts whose model did not change are taken from the
// previous compilation. Deterministic; the only state is `Compiler`, which hands out ids and remembers the last model
// and the last good certificate of each host. Control thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/model/model.h"
#include "weir/route/routing_table.h"

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
  // false: without --default-ssl-certificate there is no default certificate, and no time is spent on making a key.
  // For tables that are never served (check, explain).
  bool generate_certificate = true;
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
