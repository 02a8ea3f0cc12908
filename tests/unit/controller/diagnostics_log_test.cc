#include "controller/diagnostics_log.h"

#include "unit/observe/pipe.h"
#include "weir/base/diagnostic_book.h"
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
  base::DiagnosticBook book;
  const auto turn = [&](const base::Diagnostics& said) {
    book.set("topic", said);
    return lines([&] { log_diagnostics(book.take_new()); });
  };

  EXPECT_EQ(turn({diagnostic("a")}), 1);
  EXPECT_EQ(turn({diagnostic("a")}), 0);
  EXPECT_EQ(turn({diagnostic("a"), diagnostic("b")}), 1);
  EXPECT_EQ(turn({}), 0);
  EXPECT_EQ(turn({diagnostic("a")}), 1);
}

}  // namespace
}  // namespace weir::controller
