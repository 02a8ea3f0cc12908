// Walks a sorted map alongside another ascending sequence: linear, where as many lookups would not be.
#pragma once

#include "weir/kube/objects.h"

namespace weir::model {

template <class Map>
class Alongside {
 public:
  explicit Alongside(const Map& map) : at_(map.begin()), end_(map.end()) {}

  // REQUIRES: not smaller than the name asked for before. nullptr: not in the map.
  const typename Map::mapped_type* find(const kube::ObjectName& name) {
    while (at_ != end_ && at_->first < name) ++at_;
    return at_ != end_ && at_->first == name ? &at_->second : nullptr;
  }

 private:
  typename Map::const_iterator at_;
  typename Map::const_iterator end_;
};

}  // namespace weir::model
