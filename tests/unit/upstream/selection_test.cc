#include "weir/upstream/select.h"

#include "weir/base/cidr.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace weir::upstream {
namespace {

using route::Algorithm;

// A backend as the compiler makes them, with endpoints 10.0.0.1:80, 10.0.0.2:80 ...
struct Fixture {
  explicit Fixture(Algorithm algorithm, std::size_t count = 3) {
    backend.id = 4;
    backend.revision = 1;
    backend.name = "default-web-80";
    backend.algorithm = algorithm;
    set_endpoints(count);
  }
  void set_endpoints(std::size_t count, std::size_t first = 1) {
    backend.endpoints.clear();
    backend.affinity_keys.clear();
    for (std::size_t i = first; i < first + count; ++i) {
      const std::string ip = "10.0.0." + std::to_string(i);
      backend.endpoints.push_back({static_cast<route::EndpointId>(i), *base::parse_ip(ip), 80, ip + ":80"});
    }
    backend.ring = std::make_shared<const route::HashRing>(route::ring_nodes(backend, backend.endpoints));
    for (std::uint32_t i = 0; i < count; ++i) {
      backend.affinity_keys.push_back({route::affinity_key(backend.name, backend.endpoints[i].text), i});
    }
    std::sort(backend.affinity_keys.begin(), backend.affinity_keys.end());
  }
  Selection selection(const std::string& session = {}) {
    Selection out;
    out.backend = &backend;
    out.endpoints = backend.endpoints;
    out.session = session;
    return out;
  }
  // One request that takes so long.
  route::EndpointId request(std::map<route::EndpointId, std::int64_t> took_us = {}) {
    Selection one = selection();
    const route::Endpoint* chosen = balancer.choose(one);
    observe::UpstreamTry last;
    last.connect_time = 0;
    last.response_time = took_us[chosen->id];
    balancer.finished(one, last);
    return chosen->id;
  }

  route::Backend backend;
  Balancer balancer{12345};
};

// --- ewma (a fake endpoint: only times are told)

TEST(Ewma, PrefersTheFasterEndpoints) {
  Fixture f(Algorithm::ewma, 3);
  std::map<route::EndpointId, int> hits;
  for (int i = 0; i < 3000; ++i) ++hits[f.request({{1, 1000}, {2, 500'000'000}, {3, 1000}})];

  EXPECT_LT(hits[2], 100);
  EXPECT_GT(hits[1], 800);
  EXPECT_GT(hits[3], 800);
}

TEST(Ewma, TriesOtherEndpointsBeforeOneAgain) {
  Fixture f(Algorithm::ewma, 4);
  for (int round = 0; round < 50; ++round) {
    Selection one = f.selection();
    std::map<route::EndpointId, int> tried;
    for (int i = 0; i < 4; ++i) ++tried[f.balancer.choose(one)->id];
    EXPECT_EQ(tried.size(), 4u);
    EXPECT_NE(f.balancer.choose(one), nullptr);  // all were tried: it starts over
    f.balancer.finished(one, {});
  }
}

TEST(Ewma, ANewEndpointBeginsAtTheMeanAndARemovedOneIsForgotten) {
  Fixture f(Algorithm::ewma, 2);
  for (int i = 0; i < 200; ++i) f.request({{1, 400'000'000}, {2, 400'000'000}});
  f.set_endpoints(3);
  f.backend.revision = 2;
  std::map<route::EndpointId, int> hits;
  for (int i = 0; i < 300; ++i) ++hits[f.request({{1, 400'000'000}, {2, 400'000'000}, {3, 400'000'000}})];
  EXPECT_LT(hits[3], 290);  // it would get nearly everything if it began at 0
  EXPECT_GT(hits[3], 10);

  f.set_endpoints(1, 3);
  f.backend.revision = 3;
  EXPECT_EQ(f.request(), 3u);
}

TEST(Ewma, ARequestOfAnOlderTableDoesNotDisturbTheState) {
  Fixture f(Algorithm::ewma, 2);
  const route::Backend old = f.backend;
  f.set_endpoints(5);
  f.backend.revision = 2;
  f.request();
  Selection late;
  late.backend = &old;
  late.endpoints = old.endpoints;
  ASSERT_NE(f.balancer.choose(late), nullptr);
  f.balancer.finished(late, {});
  EXPECT_NE(f.request(), 0u);
}

// --- least_conn

TEST(LeastConn, SpreadsRequestsUnderWayEvenly) {
  Fixture f(Algorithm::least_conn, 3);
  std::vector<Selection> open;
  std::map<route::EndpointId, int> hits;
  for (int i = 0; i < 9; ++i) {
    open.push_back(f.selection());
    ++hits[f.balancer.choose(open.back())->id];
  }
  EXPECT_EQ(hits, (std::map<route::EndpointId, int>{{1, 3}, {2, 3}, {3, 3}}));

  // Two requests of one endpoint end: the next two go there.
  const auto ended = [&](Selection& one) { f.balancer.finished(one, {}); };
  std::map<route::EndpointId, int> freed;
  ended(open[0]);
  ended(open[3]);
  for (int i = 0; i < 2; ++i) {
    open.push_back(f.selection());
    ++freed[f.balancer.choose(open.back())->id];
  }
  EXPECT_EQ(freed.size(), 1u);
}

TEST(LeastConn, ARetryLeavesTheFailedEndpoint) {
  Fixture f(Algorithm::least_conn, 2);
  Selection one = f.selection();
  const route::EndpointId first = f.balancer.choose(one)->id;
  EXPECT_NE(f.balancer.choose(one)->id, first);
  f.balancer.finished(one, {});
  std::vector<Selection> open;
  std::map<route::EndpointId, int> hits;
  for (int i = 0; i < 4; ++i) {
    open.push_back(f.selection());
    ++hits[f.balancer.choose(open.back())->id];
  }
  EXPECT_EQ(hits, (std::map<route::EndpointId, int>{{1, 2}, {2, 2}}));
}

// --- hashing

TEST(Hash, OneKeyHasOneEndpointAlsoOnRetries) {
  Fixture f(Algorithm::hash, 3);
  std::map<route::EndpointId, int> hits;
  for (int i = 0; i < 300; ++i) {
    Selection one = f.selection();
    one.key = "/item/" + std::to_string(i);
    const route::EndpointId first = f.balancer.choose(one)->id;
    EXPECT_EQ(f.balancer.choose(one)->id, first);
    ++hits[first];
  }
  EXPECT_EQ(hits.size(), 3u);
}

TEST(Hash, ASubsetSpreadsOneKeyOverItsMembers) {
  Fixture f(Algorithm::hash_subset, 7);
  f.backend.hash.subset_size = 3;
  f.set_endpoints(7);
  std::map<route::EndpointId, int> hits;
  for (int i = 0; i < 300; ++i) {
    Selection one = f.selection();
    one.key = "/a";
    ++hits[f.balancer.choose(one)->id];
  }
  EXPECT_EQ(hits.size(), 3u);
}

TEST(Hash, AnExternalNameHasARingToo) {
  Fixture f(Algorithm::hash, 3);
  const std::vector<route::Endpoint> resolved = f.backend.endpoints;
  const std::shared_ptr<const route::HashRing> ring = f.backend.ring;
  f.backend.ring = nullptr;
  f.backend.external_name = "db.example";
  Selection one = f.selection();
  one.key = "/a";
  EXPECT_EQ(f.balancer.choose(one), &one.endpoints[ring->find("/a")]);
  Selection fewer = f.selection();
  fewer.endpoints = std::span(resolved).first(1);
  fewer.key = "/a";
  EXPECT_EQ(f.balancer.choose(fewer), &fewer.endpoints[0]);
}

// --- affinity

TEST(StickyBalanced, AKeyStaysAndIsNotRenewed) {
  Fixture f(Algorithm::sticky_balanced, 3);
  Selection first = f.selection();
  const route::EndpointId id = f.balancer.choose(first)->id;
  EXPECT_TRUE(first.new_session);
  EXPECT_FALSE(first.session.empty());

  Selection again = f.selection(first.session);
  EXPECT_EQ(f.balancer.choose(again)->id, id);
  EXPECT_FALSE(again.new_session);
  Selection handmade = f.selection("mine");
  EXPECT_EQ(f.balancer.choose(handmade), &f.backend.endpoints[f.backend.ring->find("mine")]);
  EXPECT_FALSE(handmade.new_session);
}

TEST(StickyBalanced, KeysAreTimePidAndRandom) {
  Fixture f(Algorithm::sticky_balanced, 3);
  Selection one = f.selection();
  f.balancer.choose(one);

  int dots = 0;
  for (const char c : one.session) {
    EXPECT_TRUE(c == '.' || (c >= '0' && c <= '9')) << one.session;
    dots += c == '.';
  }
  EXPECT_EQ(dots, 3);
}

TEST(StickyBalanced, RetriesStayUnlessChangeOnFailure) {
  Fixture f(Algorithm::sticky_balanced, 3);
  Selection stays = f.selection("mine");
  const route::EndpointId id = f.balancer.choose(stays)->id;
  EXPECT_EQ(f.balancer.choose(stays)->id, id);
  EXPECT_EQ(stays.session, "mine");
  EXPECT_FALSE(stays.new_session);

  f.backend.affinity.change_on_failure = true;
  Selection moves = f.selection("mine");
  EXPECT_EQ(f.balancer.choose(moves)->id, id);
  EXPECT_NE(f.balancer.choose(moves)->id, id);
  EXPECT_TRUE(moves.new_session);
  EXPECT_NE(moves.session, "mine");
}

TEST(StickyBalanced, WithNothingLeftThereIsNoEndpoint) {
  Fixture f(Algorithm::sticky_balanced, 1);
  f.backend.affinity.change_on_failure = true;
  Selection one = f.selection("mine");
  EXPECT_NE(f.balancer.choose(one), nullptr);
  EXPECT_EQ(f.balancer.choose(one), nullptr);
}

TEST(StickyPersistent, TheKeyNamesTheEndpoint) {
  Fixture f(Algorithm::sticky_persistent, 3);
  Selection one = f.selection(route::affinity_key("default-web-80", "10.0.0.2:80"));
  EXPECT_EQ(f.balancer.choose(one)->id, 2u);
  EXPECT_FALSE(one.new_session);

  f.set_endpoints(50);  // more endpoints take over no session
  Selection later = f.selection(one.session);
  EXPECT_EQ(f.balancer.choose(later)->id, 2u);

  f.set_endpoints(1, 9);
  Selection lost = f.selection(one.session);
  EXPECT_EQ(f.balancer.choose(lost)->id, 9u);
  EXPECT_TRUE(lost.new_session);
  EXPECT_EQ(lost.session, route::affinity_key("default-web-80", "10.0.0.9:80"));
}

TEST(StickyPersistent, ChangeOnFailureTriesEachEndpointOnce) {
  Fixture f(Algorithm::sticky_persistent, 3);
  f.backend.affinity.change_on_failure = true;
  Selection one = f.selection(route::affinity_key("default-web-80", "10.0.0.2:80"));
  std::map<route::EndpointId, int> tried;
  for (int i = 0; i < 3; ++i) ++tried[f.balancer.choose(one)->id];
  EXPECT_EQ(tried.size(), 3u);
  EXPECT_EQ(f.balancer.choose(one), nullptr);

  f.backend.affinity.change_on_failure = false;
  Selection stays = f.selection(route::affinity_key("default-web-80", "10.0.0.2:80"));
  EXPECT_EQ(f.balancer.choose(stays)->id, 2u);
  EXPECT_EQ(f.balancer.choose(stays)->id, 2u);
}

}  // namespace
}  // namespace weir::upstream
