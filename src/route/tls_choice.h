// The listeners' TLS context of a table: kept while the TLS settings stay, and with defaults for what cannot be used.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/features/settings.h"
#include "weir/tls/server_context.h"

namespace weir::route {

class TlsChoice {
 public:
  tls::ServerContextPtr context_for(const features::Settings& settings, base::Diagnostics& diagnostics);

 private:
  features::Settings made_for_;
  tls::ServerContextPtr context_;
  base::Diagnostics problems_;  // of made_for_; reported with every table
};

}  // namespace weir::route
