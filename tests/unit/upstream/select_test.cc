#include "weir/upstream/select.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace weir::upstream {
namespace {

std::vector<route::Endpoint> endpoints(std::size_t count) {
  std::vector<route::Endpoint> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i].id = static_cast<route::EndpointId>(i);
  return all;
}

TEST(Balancer, EveryEndpointGetsItsTurn) {
  Balancer balancer(7);
  const std::vector<route::Endpoint> three = endpoints(3);

  std::map<route::EndpointId, int> hits;
  for (int i = 0; i < 30; ++i) ++hits[balancer.next(2, three).id];

  EXPECT_EQ(hits, (std::map<route::EndpointId, int>{{0, 10}, {1, 10}, {2, 10}}));
}

TEST(Balancer, ARetryTakesTheNextEndpoint) {
  Balancer balancer(7);
  const std::vector<route::Endpoint> two = endpoints(2);

  const route::EndpointId first = balancer.next(0, two).id;
  EXPECT_NE(balancer.next(0, two).id, first);
}

TEST(Balancer, WorkersStartAtDifferentPlaces) {
  const std::vector<route::Endpoint> many = endpoints(1000);
  std::map<route::EndpointId, int> starts;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Balancer balancer(seed * 0x9e3779b97f4a7c15u);
    ++starts[balancer.next(0, many).id];
  }

  EXPECT_GT(starts.size(), 10u);
}

TEST(Balancer, AnEndpointListThatShrankIsNoProblem) {
  Balancer balancer(7);
  for (int i = 0; i < 5; ++i) balancer.next(0, endpoints(5));

  const std::vector<route::Endpoint> one = endpoints(1);
  EXPECT_EQ(balancer.next(0, one).id, 0u);
}

}  // namespace
}  // namespace weir::upstream
