#include "controller/diagnostics_log.h"

#include "unit/observe/pipe.h"
#include "weir/observe/log.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::controller {
namespace {

base::Diagnostic diagnostic(const char* text) {
  base::Diagnostic d;
  d.severity = base::Severity::warning;
  d.object = {"Ingress", "default", "web"};
  d.text = text;
  return d;
}

// Lines written while `action` ran.
std::ptrdiff_t lines(const std::function<void()>& action) {
  observe::test::Pipe pipe;
  observe::start_log({.fd = pipe.write_end()});
  action();
  observe::stop_log();
  pipe.close_write();
  const std::string text = pipe.read(1 << 20);
  return std::count(text.begin(), text.end(), '\n');
}

TEST(DiagnosticsLog, AMessageIsLoggedWhenItAppearsAndWhenItComesBack) {
  DiagnosticsLog log;

  EXPECT_EQ(lines([&] { log.report({diagnostic("a")}); }), 1);
  EXPECT_EQ(lines([&] { log.report({diagnostic("a")}); }), 0);
  EXPECT_EQ(lines([&] { log.report({diagnostic("a"), diagnostic("b")}); }), 1);
  EXPECT_EQ(lines([&] { log.report({}); }), 0);
  EXPECT_EQ(lines([&] { log.report({diagnostic("a")}); }), 1);
}

}  // namespace
}  // namespace weir::controller
