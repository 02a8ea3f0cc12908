// ReferenceBook: who names which Secret or ConfigMap. An owner keeps what its earlier versions named, because an
// earlier version stays in force when a later one is refused; beyond kMaxKept names it keeps those of its newest
// version only. Values; control thread.
#pragma once

#include "watch/references.h"

#include <map>
#include <utility>
#include <vector>

namespace weir::watch {

class ReferenceBook {
 public:
  using Owner = std::pair<const char*, kube::ObjectName>;  // kind, name
  static constexpr std::size_t kMaxKept = 64;

  // The owner's newest version names these. Returns those that nobody names any more.
  References set(const Owner& owner, const References& named);
  References forget(const Owner& owner) { return set(owner, {}); }

  bool has(const Reference& reference) const { return counts_.contains(reference); }
  std::vector<Reference> all(Reference::Kind kind) const;
  // Linear; for the rare case that something was fetched.
  std::vector<Owner> owners_of(const Reference& reference) const;

 private:
  std::map<Owner, References> owners_;
  std::map<Reference, int> counts_;
};

}  // namespace weir::watch
