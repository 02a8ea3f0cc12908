#include "controller/table_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::controller {
namespace {

using ::testing::HasSubstr;

TEST(TableMetrics, HashIsExactAsADouble) {
  EXPECT_EQ(hash_as_number("0000000000001ffff"), 1.0);
  EXPECT_EQ(hash_as_number("fffffffffffff"), 4503599627370495.0);
  EXPECT_EQ(hash_as_number(""), 0.0);
}

TEST(TableMetrics, EverySeverityHasASeries) {
  observe::MetricsOptions options;
  options.requests.enabled = true;
  observe::Metrics metrics(options);
  base::Diagnostic diagnostic;
  diagnostic.severity = base::Severity::warning;

  base::DiagnosticBook book;
  book.set("a", {diagnostic});
  diagnostic.text = "another";
  book.set("b", {diagnostic});
  report_diagnostics(book, metrics);

  const std::string text = metrics.scrape();
  EXPECT_THAT(text, HasSubstr("severity=\"warning\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("severity=\"error\"} 0\n"));
}

}  // namespace
}  // namespace weir::controller
