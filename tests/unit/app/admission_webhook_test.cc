#include "app/admission_webhook.h"

#include "unit/tls/make_certificate.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace weir::app {
namespace {

namespace asio = boost::asio;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Reply {
  std::string text;
  std::string subject;  // of the server's certificate
};

class AdmissionWebhookTest : public testing::Test {
 protected:
  AdmissionWebhookTest() {
    char name[] = "/tmp/weir-webhook-XXXXXX";
    folder_ = ::mkdtemp(name);
    write_certificate("first.example");
  }
  ~AdmissionWebhookTest() override {
    for (const char* file : {"/cert", "/key"}) std::remove((folder_ + file).c_str());
    ::rmdir(folder_.c_str());
  }

  void write_certificate(const std::string& name) {
    test::CertificateSpec spec;
    spec.common_name = name;
    const test::PemPair pair = test::make_certificate(spec);
    for (const auto& [file, pem] : {std::pair("/cert", pair.certificate), std::pair("/key", pair.key)}) {
      std::ofstream(folder_ + file + ".new") << pem;
      std::rename((folder_ + file + ".new").c_str(), (folder_ + file).c_str());
    }
  }

  void start(AdmissionWebhook::Reviewer reviewer) {
    webhook_ = std::make_unique<AdmissionWebhook>(
        AdmissionWebhookOptions{"127.0.0.1:0", folder_ + "/cert", folder_ + "/key"}, std::move(reviewer));
    const auto port = webhook_->start();
    ASSERT_TRUE(port);
    port_ = *port;
  }

  Reply send(const std::string& request) {
    asio::io_context context;
    asio::ssl::context tls(asio::ssl::context::tls_client);
    asio::ssl::stream<asio::ip::tcp::socket> stream(context, tls);
    boost::system::error_code error;
    stream.next_layer().connect({asio::ip::address_v4::loopback(), port_}, error);
    const timeval limit{10, 0};
    ::setsockopt(stream.next_layer().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    Reply reply;
    stream.handshake(asio::ssl::stream_base::client, error);
    if (error) return reply;
    X509* certificate = SSL_get_peer_certificate(stream.native_handle());
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    X509_free(certificate);
    reply.subject = name;
    asio::write(stream, asio::buffer(request), error);
    asio::read(stream, asio::dynamic_buffer(reply.text), error);
    return reply;
  }

  static std::string post(const std::string& body) {
    return "POST /networking/v1/ingresses HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  static std::string review_of(const std::string& ingress_name) {
    return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","kind":{"group":)"
           R"("networking.k8s.io","version":"v1","kind":"Ingress"},"object":{"apiVersion":"networking.k8s.io/v1",)"
           R"("kind":"Ingress","metadata":{"name":")" +
           ingress_name + R"("},"spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}}}})";
  }

  static void refuse(const std::shared_ptr<const kube::Ingress>& ingress, const AdmissionWebhook::Done& done) {
    model::Review review;
    review.allowed = ingress->meta.name != "bad";
    review.message = "no";
    done(std::move(review));
  }

  std::string folder_;
  std::unique_ptr<AdmissionWebhook> webhook_;
  std::uint16_t port_ = 0;
};

TEST_F(AdmissionWebhookTest, AnswersWhatTheReviewerSays) {
  start(refuse);

  EXPECT_THAT(send(post(review_of("good"))).text, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr(R"("allowed":true)")));
  EXPECT_THAT(send(post(review_of("bad"))).text, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr(R"("message":"no")")));
}

TEST_F(AdmissionWebhookTest, WhatIsNoReviewGetsAnHttpError) {
  start(refuse);

  EXPECT_THAT(send(post("{}")).text, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").text, StartsWith("HTTP/1.1 405"));
}

TEST_F(AdmissionWebhookTest, ABodyAtTheLimitIs413BeforeItIsRead) {
  start(refuse);

  EXPECT_THAT(send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9437184\r\n\r\n").text, StartsWith("HTTP/1.1 413"));
}

TEST_F(AdmissionWebhookTest, ANewCertificateIsUsedForTheNextConnection) {
  start(refuse);
  EXPECT_EQ(send(post(review_of("good"))).subject, "first.example");

  write_certificate("second.example");

  EXPECT_EQ(send(post(review_of("good"))).subject, "second.example");
}

TEST_F(AdmissionWebhookTest, ABrokenCertificateLeavesTheLastGoodOne) {
  start(refuse);
  send(post(review_of("good")));

  std::ofstream(folder_ + "/cert") << "nonsense";

  EXPECT_EQ(send(post(review_of("good"))).subject, "first.example");
}

TEST_F(AdmissionWebhookTest, AnAddressThatIsNoneIsRefused) {
  for (const char* address : {"", "8443", "host:8443", ":99999", ":x"}) {
    AdmissionWebhook webhook({address, folder_ + "/cert", folder_ + "/key"}, refuse);
    EXPECT_FALSE(webhook.start()) << address;
  }
}

TEST_F(AdmissionWebhookTest, AReviewMayComeFromAnotherThread) {
  std::thread elsewhere;
  start([&](std::shared_ptr<const kube::Ingress> ingress, AdmissionWebhook::Done done) {
    elsewhere = std::thread([ingress = std::move(ingress), done = std::move(done)] { refuse(ingress, done); });
  });

  EXPECT_THAT(send(post(review_of("bad"))).text, HasSubstr(R"("allowed":false)"));
  elsewhere.join();
}

}  // namespace
}  // namespace weir::app
