// HostCache: the compiled hosts of the newest table with what they were made from, so that only hosts whose model
// changed are made again; also the indexes over them. Part of the Compiler's state; control thread.
#pragma once

#include "route/certificate_index.h"
#include "route/host_build.h"
#include "weir/tls/digest.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::route {

struct CachedHost {
  model::HostPtr model;
  IngressSet denied;  // those of its own Ingresses that were denied
  IngressSet bad;
  base::Diagnostics diagnostics;
  std::shared_ptr<const Host> host;
  std::optional<tls::Sha256> digest;  // of host_text(); nullopt: to be made

  const std::string& name() const { return model->name; }
  // Whether requests for its name are shown a certificate of its own choice (spec 2.8), be it the default one.
  bool owns_certificate() const;
};
using CachedHostPtr = std::unique_ptr<CachedHost>;

class HostCache {
 public:
  // Brings the hosts in line with `models` (sorted by name); "_" is added where it is missing. Returns whether any host
  // is other than before.
  bool update(const std::vector<model::HostPtr>& models, BackendId default_backend,
              const tls::CertificatePtr& default_certificate, const BuildTools& tools);

  const std::vector<CachedHostPtr>& hosts() const { return hosts_; }  // sorted by name
  // For a table; the same objects as long as no host changes.
  const std::shared_ptr<const HostList>& list() const { return list_; }
  const std::shared_ptr<const HostIndex>& index() const { return index_; }
  const std::shared_ptr<const CertificateIndex>& certificate_index() const { return certificate_index_; }
  const base::Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  CachedHostPtr build(const model::HostPtr& host, const IngressSet& denied, const tls::CertificatePtr& before,
                      const BuildTools& tools) const;
  CachedHost* find(const std::string& name) const;
  bool merge(const std::vector<model::HostPtr>& models, bool all_new, const BuildTools& tools);
  void rebuild_denied(const BuildTools& tools);
  void join_certificates(const tls::CertificatePtr& default_certificate);
  std::shared_ptr<const CertificateIndex> index_certificates(const tls::CertificatePtr& default_certificate) const;
  void make_index(PatternCache& patterns);

  std::vector<model::HostPtr> models_;  // of the newest update()
  std::vector<CachedHostPtr> hosts_;
  bool has_aliases_ = false;  // any host of the list
  std::shared_ptr<const HostList> list_;
  std::shared_ptr<const HostIndex> index_;
  std::shared_ptr<const CertificateIndex> certificate_index_;
  base::Diagnostics diagnostics_;
  tls::CertificatePtr default_certificate_;
  BackendId default_backend_ = kNoBackend;
};

}  // namespace weir::route
