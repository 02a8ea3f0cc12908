// CertificateIndex: which names have a certificate of their own (spec 2.8, 2.9): exact name, then the name with its
// first label replaced by "*". Immutable once in a table; keys are views into the hosts of the table that owns it, and
// into nothing that a copy of a Host does not share (HostMatcher::host_name()), but for aliases.
#pragma once

#include "route/host_index.h"

namespace weir::route {

class CertificateIndex {
 public:
  struct Entry {
    const tls::Certificate* certificate = nullptr;  // null: the default certificate, by decision
  };

  // `name`: "a.example" or "*.example". The first certificate of a name stays.
  void add(std::string_view name, Entry entry) {
    if (name.size() > 2 && name.starts_with("*.")) {
      wildcards_.try_emplace(name.substr(2), entry);
    } else {
      exact_.try_emplace(name, entry);
    }
  }

  // Instead of `add`, when the name may be there already.
  void replace(std::string_view name, Entry entry) {
    remove(name);
    add(name, entry);
  }
  void remove(std::string_view name) {
    if (name.size() > 2 && name.starts_with("*.")) {
      wildcards_.erase(name.substr(2));
    } else {
      exact_.erase(name);
    }
  }

  // nullptr: the name has none. A wildcard host finds its own entry.
  const Entry* find(std::string_view name) const {
    const auto exact = exact_.find(name);
    if (exact != exact_.end()) return &exact->second;
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0) return nullptr;
    const auto wildcard = wildcards_.find(name.substr(dot + 1));
    return wildcard == wildcards_.end() ? nullptr : &wildcard->second;
  }

 private:
  NameMap<Entry> exact_;
  NameMap<Entry> wildcards_;
};

}  // namespace weir::route
