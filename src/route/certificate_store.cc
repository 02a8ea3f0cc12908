#include "route/certificate_store.h"

#include <algorithm>

namespace weir::route {
namespace {

const std::string& field_of(const kube::Secret& secret, const char* key) {
  static const std::string none;
  const auto found = secret.data.find(key);
  return found == secret.data.end() ? none : found->second;
}

bool same_pair(const kube::Secret& a, const kube::Secret& b) {
  return field_of(a, "tls.crt") == field_of(b, "tls.crt") && field_of(a, "tls.key") == field_of(b, "tls.key");
}

base::Diagnostic diagnostic(const char* code, const kube::ObjectName& secret, const std::string& host,
                            std::string text) {
  base::Diagnostic result;
  result.code = code;
  result.object = {"Secret", secret.ns, secret.name};
  result.key = "tls";
  result.text = "host " + host + ": " + std::move(text);
  return result;
}

std::string names_text(const tls::Certificate& certificate) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < certificate.names().size() && i < kShown; ++i) {
    text += (i ? ", " : "") + certificate.names()[i];
  }
  if (certificate.names().size() > kShown) text += ", ...";
  return text.empty() ? "no name at all" : text;
}

}  // namespace

const CertificateStore::Loaded& CertificateStore::load(const kube::ObjectName& name,
                                                       const std::shared_ptr<const kube::Secret>& secret) {
  if (!secret) {
    // A deleted Secret takes its certificate along; only a broken one keeps it.
    entries_.erase(name);
    static const Loaded missing{nullptr, "the Secret does not exist", true};
    return missing;
  }
  Entry& entry = entries_[name];
  if (entry.secret == secret) return entry.loaded;
  const bool unchanged = entry.secret && same_pair(*entry.secret, *secret);
  entry.secret = secret;
  if (unchanged) return entry.loaded;
  auto certificate = tls::load_certificate(field_of(*secret, "tls.crt"), field_of(*secret, "tls.key"));
  if (certificate) {
    entry.loaded = {*certificate, {}, false};
  } else {
    entry.loaded.problem = certificate.error().text();
  }
  return entry.loaded;
}

tls::CertificatePtr CertificateStore::choose(const model::Host& host, const tls::CertificatePtr& before,
                                             base::Diagnostics& diagnostics) {
  const model::TlsEntry* chosen = nullptr;
  for (const model::TlsEntry& entry : host.tls) {
    if (std::find(entry.hosts.begin(), entry.hosts.end(), host.name) == entry.hosts.end()) continue;
    chosen = &entry;
    break;
  }
  if (!chosen) {
    for (const model::TlsEntry& entry : host.tls) {
      if (entry.secret.name.empty()) continue;
      const Loaded& loaded = load(entry.secret, entry.object);
      if (!loaded.certificate || !loaded.certificate->covers(host.name)) continue;
      chosen = &entry;
      break;
    }
  }
  // Without a Secret the default certificate is what was asked for.
  if (!chosen || chosen->secret.name.empty()) return nullptr;

  const Loaded& loaded = load(chosen->secret, chosen->object);
  if (loaded.missing) return nullptr;  // model::build names the Ingress
  tls::CertificatePtr candidate = loaded.certificate;
  const bool usable = candidate && candidate->covers(host.name);
  if (!loaded.problem.empty()) {
    if (!usable) candidate = before && before->covers(host.name) ? before : nullptr;
    diagnostics.push_back(diagnostic("certificate-broken", chosen->secret, host.name,
                                     loaded.problem + (candidate ? "; the last good certificate is served"
                                                                 : "; the default certificate is served")));
    return candidate;
  }
  if (usable) return candidate;
  diagnostics.push_back(
      diagnostic("certificate-name-mismatch", chosen->secret, host.name,
                 "its certificate is for " + names_text(*candidate) + "; the default certificate is served"));
  return nullptr;
}

void CertificateStore::retain(const model::Host& host) {
  for (const model::TlsEntry& entry : host.tls) {
    if (!entry.secret.name.empty()) ++needed_by_[entry.secret];
  }
}

void CertificateStore::release(const model::Host& host) {
  for (const model::TlsEntry& entry : host.tls) {
    if (entry.secret.name.empty()) continue;
    const auto needed = needed_by_.find(entry.secret);
    if (--needed->second != 0) continue;
    needed_by_.erase(needed);
    if (kept_ != entry.secret) entries_.erase(entry.secret);
  }
}

}  // namespace weir::route
