#include "watch/reference_book.h"

namespace weir::watch {

References ReferenceBook::set(const Owner& owner, const References& named) {
  References& held = owners_[owner];
  References next = named;
  if (!named.empty() && held.size() + named.size() <= kMaxKept) next.insert(held.begin(), held.end());
  for (const Reference& reference : next) {
    if (!held.contains(reference)) ++counts_[reference];
  }
  References unused;
  for (const Reference& reference : held) {
    if (next.contains(reference)) continue;
    const auto count = counts_.find(reference);
    if (--count->second > 0) continue;
    counts_.erase(count);
    unused.insert(reference);
  }
  held = std::move(next);
  if (held.empty()) owners_.erase(owner);
  return unused;
}

std::vector<Reference> ReferenceBook::all(Reference::Kind kind) const {
  std::vector<Reference> found;
  for (const auto& [reference, count] : counts_) {
    if (reference.kind == kind) found.push_back(reference);
  }
  return found;
}

std::vector<ReferenceBook::Owner> ReferenceBook::owners_of(const Reference& reference) const {
  std::vector<Owner> found;
  for (const auto& [owner, named] : owners_) {
    if (named.contains(reference)) found.push_back(owner);
  }
  return found;
}

}  // namespace weir::watch
