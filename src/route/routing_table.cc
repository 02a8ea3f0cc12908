#include "weir/route/routing_table.h"

#include "route/certificate_index.h"
#include "route/host_index.h"

#include <algorithm>

namespace weir::route {

const tls::Certificate* RoutingTable::find_certificate(std::string_view sni) const {
  if (settings && settings->ssl_reject_handshake && index) {
    Matcher matcher;  // allocates only if there are regex aliases
    if (!index->find(sni, matcher)) return nullptr;
  }
  const CertificateIndex::Entry* entry = certificate_index ? certificate_index->find(sni) : nullptr;
  return entry && entry->certificate ? entry->certificate : default_certificate.get();
}

const tls::HostTls* RoutingTable::find_host_tls(std::string_view sni) const {
  if (!has_host_tls || !index) return nullptr;
  Matcher matcher;  // allocates only if there are regex aliases
  const Host* host = index->find(sni, matcher);
  return (host != nullptr ? host : catch_all.get())->tls.get();
}

const HostList& RoutingTable::hosts() const {
  static const HostList none;
  return host_list ? *host_list : none;
}

bool RoutingTable::host_has_certificate(std::string_view host) const {
  return certificate_index && certificate_index->find(host) != nullptr;
}

const PortService* RoutingTable::find_port_service(bool udp, std::uint16_t port) const {
  const auto found = std::find_if(port_services.begin(), port_services.end(), [udp, port](const PortService& service) {
    return service.udp == udp && service.port == port;
  });
  return found == port_services.end() ? nullptr : &*found;
}

}  // namespace weir::route
