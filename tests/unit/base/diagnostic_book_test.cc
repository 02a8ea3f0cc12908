#include "weir/base/diagnostic_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Diagnostic said(const std::string& text, Severity severity = Severity::warning) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.text = text;
  return diagnostic;
}

TEST(DiagnosticBook, AMessageOfTwoTopicsStaysUntilBothDropIt) {
  DiagnosticBook book;
  book.set("a", {said("x")});
  book.set("b", {said("x"), said("y")});
  EXPECT_THAT(book.all(), ElementsAre(said("x"), said("y")));

  book.set("a", {});
  EXPECT_THAT(book.all(), ElementsAre(said("x"), said("y")));
  book.set("b", {said("y")});
  EXPECT_THAT(book.all(), ElementsAre(said("y")));
}

TEST(DiagnosticBook, NewIsWhatWasNotThereAtTheCallBefore) {
  DiagnosticBook book;
  book.set("a", {said("x")});
  EXPECT_THAT(book.take_new(), ElementsAre(said("x")));
  EXPECT_THAT(book.take_new(), IsEmpty());

  book.set("a", {});
  book.set("b", {said("x")});
  EXPECT_THAT(book.take_new(), IsEmpty()) << "it only changed its topic";

  book.set("b", {});
  EXPECT_THAT(book.take_new(), IsEmpty());
  book.set("b", {said("x")});
  EXPECT_THAT(book.take_new(), ElementsAre(said("x"))) << "it came back";
}

TEST(DiagnosticBook, ClearingTakesOnlyTheTopicsOfThePrefix) {
  DiagnosticBook book;
  book.set("build/a", {said("x")});
  book.set("build/b", {said("y")});
  book.set("other", {said("z")});
  book.clear("build/");
  EXPECT_THAT(book.all(), ElementsAre(said("z")));
}

TEST(DiagnosticBook, CountsEachMessageOnceBySeverity) {
  DiagnosticBook book;
  book.set("a", {said("x"), said("x"), said("e", Severity::error)});
  book.set("b", {said("x")});
  EXPECT_EQ(book.count(Severity::warning), 1u);
  EXPECT_EQ(book.count(Severity::error), 1u);
  EXPECT_EQ(book.count(Severity::info), 0u);
  book.set("a", {});
  EXPECT_EQ(book.count(Severity::warning), 1u);
  EXPECT_EQ(book.count(Severity::error), 0u);
}

}  // namespace
}  // namespace weir::base
