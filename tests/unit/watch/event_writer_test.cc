// Against a fake API server: a function that notes requests and answers as told.
#include "weir/watch/event_writer.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace weir::watch {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::StartsWith;

class EventWriterWithAFakeServer : public testing::Test {
 protected:
  ApiCall call() {
    return [this](ApiRequest request, ApiDone done) {
      boost::asio::post(context, [this, request = std::move(request), done = std::move(done)] {
        requests.push_back(request.method + " " + request.path);
        bodies.push_back(json::parse(request.body, nullptr, false));
        done(answer);
      });
    };
  }
  void offer(const std::string& name, const std::string& reason) {
    writer.offer({{"Ingress", "n", name}, "uid", "1", true, reason, "because"});
    context.restart();
    context.poll();
  }

  boost::asio::io_context context;
  std::vector<std::string> requests;
  std::vector<json> bodies;
  base::Result<ApiAnswer> answer = ApiAnswer{201, "{}", std::chrono::seconds(0)};
  EventWriter writer{context, "weir-1", call()};
};

TEST_F(EventWriterWithAFakeServer, AnEventIsPostedInTheNamespaceOfItsObject) {
  offer("web", "Rejected");

  EXPECT_THAT(requests, ElementsAre("POST /api/v1/namespaces/n/events"));
  EXPECT_EQ(bodies[0]["reason"], "Rejected");
  EXPECT_EQ(bodies[0]["reportingInstance"], "weir-1");
  EXPECT_THAT(bodies[0]["metadata"]["name"].get<std::string>(), StartsWith("web."));
  EXPECT_EQ(writer.written(), 1u);
}

TEST_F(EventWriterWithAFakeServer, ARefusedOneIsDroppedAndCounted) {
  answer = ApiAnswer{403, R"({"message":"forbidden"})", std::chrono::seconds(0)};
  offer("web", "Rejected");
  offer("shop", "Rejected");

  EXPECT_EQ(requests.size(), 2u);
  EXPECT_EQ(writer.dropped(), 2u);
}

TEST_F(EventWriterWithAFakeServer, WithoutAnAnswerAllWait) {
  answer = base::fail("not connected");
  offer("web", "Rejected");
  offer("shop", "Rejected");

  EXPECT_EQ(requests.size(), 1u);
  EXPECT_EQ(writer.dropped(), 0u);
}

TEST_F(EventWriterWithAFakeServer, ABurstAboutOneObjectIsOneRequest) {
  for (int i = 0; i < 100; ++i) offer("web", "Rejected");

  EXPECT_EQ(requests.size(), 1u);
}

}  // namespace
}  // namespace weir::watch
