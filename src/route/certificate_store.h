// CertificateStore: parsed certificates by Secret, each Secret parsed once, with the last good version of a Secret that
// broke (spec 2.9). Control thread; part of the Compiler's state.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/model/model.h"
#include "weir/tls/certificate.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace weir::route {

class CertificateStore {
 public:
  struct Loaded {
    tls::CertificatePtr certificate;  // of this version, else of the last good one; may be null
    std::string problem;              // why this version cannot be used; empty: it can
    bool missing = false;             // there is no such Secret
  };

  const Loaded& load(const kube::ObjectName& name, const std::shared_ptr<const kube::Secret>& secret);

  // The certificate of a host by its TLS entries; null: the default certificate. `before`: what the host had in the
  // previous table; it stays while the chosen Secret is broken.
  tls::CertificatePtr choose(const model::Host& host, const tls::CertificatePtr& before,
                             base::Diagnostics& diagnostics);

  // A table that holds the host needs its Secrets; those that none needs any more are forgotten.
  void retain(const model::Host& host);
  void release(const model::Host& host);
  // Of --default-ssl-certificate: not forgotten.
  void keep(const kube::ObjectName& name) { kept_ = name; }

 private:
  struct Entry {
    std::shared_ptr<const kube::Secret> secret;
    Loaded loaded;
  };
  std::map<kube::ObjectName, Entry> entries_;
  std::map<kube::ObjectName, std::size_t> needed_by_;  // hosts
  std::optional<kube::ObjectName> kept_;
};

}  // namespace weir::route
