#include "app/echo_server.h"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(EchoServer, QueryValuesAreFoundByTheirWholeKey) {
  EXPECT_EQ(query_value("status=503&delay_ms=10", "status"), "503");
  EXPECT_EQ(query_value("status=503&delay_ms=10", "delay_ms"), "10");
  EXPECT_EQ(query_value("xstatus=1", "status"), "");
  EXPECT_EQ(query_value("status", "status"), "");
  EXPECT_EQ(query_value("", "status"), "");
}

TEST(EchoServer, APortOutsideTheMachineIsAnError) {
  EchoOptions options;
  options.address = "not-an-address";

  const auto ended = run_echo_server(options);

  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().text(), "--address not-an-address: not an IP address");
}

TEST(EchoServer, ACertificateThatIsMissingIsAnError) {
  EchoOptions options;
  options.port = 0;
  options.tls = true;
  options.certificate_file = "/no/such/file";

  EXPECT_FALSE(run_echo_server(options));
}

}  // namespace
}  // namespace weir::app
