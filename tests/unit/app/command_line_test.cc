#include "app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Seen {
  std::string text = "unset";
  std::string flag = "unset";
  std::string list = "unset";
  std::vector<std::string> each;
  std::string verbosity = "unset";
  std::vector<std::string> positional;
  std::vector<std::string> given;
  int status = -1;
  std::string error;
};

Seen run(std::vector<std::string> arguments, std::size_t most_positional = 0) {
  Seen seen;
  const auto into = [](std::string& target) {
    return [&target](std::string_view value) -> std::optional<std::string> {
      if (value == "refused") return "must not be that";
      target = value;
      return std::nullopt;
    };
  };
  Command command;
  command.name = "try";
  command.flags = {{"some-text", FlagType::text, "", "", "", FlagEffect::active, into(seen.text)},
                   {"some-flag", FlagType::boolean, "", "", "", FlagEffect::active, into(seen.flag)},
                   {"some-list", FlagType::list, "", "", "", FlagEffect::active, into(seen.list)},
                   {"number", FlagType::integer, "", "", "", FlagEffect::active, {}},
                   {"header", FlagType::each, "", "", "", FlagEffect::active,
                    [&seen](std::string_view value) -> std::optional<std::string> {
                      seen.each.emplace_back(value);
                      return std::nullopt;
                    },
                    'H'},
                   {"v", FlagType::integer, "", "", "", FlagEffect::active, into(seen.verbosity), 'v'}};
  if (most_positional > 0) {
    command.positional = "PATH";
    command.max_positional = most_positional;
  }
  command.run = [&seen](const std::vector<std::string>& positional, const std::vector<std::string>& given) {
    seen.positional = positional;
    seen.given = given;
    return 7;
  };
  arguments.insert(arguments.begin(), {"weir", "try"});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  ::testing::internal::CaptureStderr();
  seen.status = run_command_line(static_cast<int>(argv.size()), argv.data(), {command});
  seen.error = ::testing::internal::GetCapturedStderr();
  return seen;
}

TEST(CommandLine, ValueStandsBehindEqualsOrBlank) {
  EXPECT_EQ(run({"--some-text=a=b"}).text, "a=b");
  EXPECT_EQ(run({"--some-text", "a"}).text, "a");
  EXPECT_EQ(run({"--some-text", "--odd"}).text, "--odd");
  EXPECT_EQ(run({"--some-text="}).text, "");
  EXPECT_EQ(run({"--some-text=a"}).status, 7);
}

TEST(CommandLine, NamesMayBeWrittenWithUnderscores) {
  EXPECT_EQ(run({"--some_text=x_y"}).text, "x_y");
}

TEST(CommandLine, BooleansAreBareOrHaveAValueBehindEquals) {
  EXPECT_EQ(run({"--some-flag"}).flag, "true");
  EXPECT_EQ(run({"--some-flag=false"}).flag, "false");
  const Seen seen = run({"--some-flag", "false"});
  EXPECT_EQ(seen.flag, "true");
  EXPECT_THAT(seen.positional, ElementsAre("false"));
}

TEST(CommandLine, RepeatedFlagTakesItsLastValueAndListsCollect) {
  const Seen seen = run({"--some-text=a", "--some-list=1,2", "--some-text=b", "--some-list", "3"});

  EXPECT_EQ(seen.text, "b");
  EXPECT_EQ(seen.list, "1,2,3");
  EXPECT_THAT(seen.given, ElementsAre("some-text", "some-list"));
}

TEST(CommandLine, ShortFlagsAsKlogAndCurlWriteThem) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"-v=3"}, {"-v3"}, {"-v", "3"}, {"--v=3"}, {"--v", "3"}}) {
    EXPECT_EQ(run(arguments).verbosity, "3");
  }
  EXPECT_THAT(run({"-H", "A: b", "-HC: d"}).each, ElementsAre("A: b", "C: d"));
}

TEST(CommandLine, PositionalArgumentsMixWithFlags) {
  const Seen seen = run({"one", "--some-text=x", "two", "--", "--three"}, 3);

  EXPECT_THAT(seen.positional, ElementsAre("one", "two", "--three"));
  EXPECT_EQ(seen.text, "x");
}

TEST(CommandLine, UnknownFlagNamesTheNearestAndExitsWithTwo) {
  const Seen seen = run({"--some-txt=x"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.error, HasSubstr("weir try: unknown flag: --some-txt; the nearest is --some-text"));
}

TEST(CommandLine, BadValuesExitWithTwoAndSayWhatIsExpected) {
  EXPECT_THAT(run({"--number=x"}).error, HasSubstr("invalid value \"x\" for flag --number: must be a whole number"));
  EXPECT_THAT(run({"--some-flag=maybe"}).error, HasSubstr("must be true or false"));
  EXPECT_THAT(run({"--some-text=refused"}).error, HasSubstr("must not be that"));
  EXPECT_THAT(run({"--some-text"}).error, HasSubstr("flag needs a value: --some-text"));
  EXPECT_EQ(run({"--number=x"}).status, 2);
}

TEST(CommandLine, HelpExitsWithZeroEvenBesideAnUnknownFlag) {
  ::testing::internal::CaptureStdout();
  const Seen seen = run({"--nonsense", "--help"});

  EXPECT_EQ(seen.status, 0);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("--some-list"));
}

TEST(CommandLine, UnknownCommandExitsWithTwo) {
  std::string weir = "weir", name = "tyr";
  char* argv[] = {weir.data(), name.data()};
  Command command;
  command.name = "try";
  ::testing::internal::CaptureStderr();

  EXPECT_EQ(run_command_line(2, argv, {command}), 2);

  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("unknown command: tyr"));
}

TEST(GoDuration, ReadsWhatGoReads) {
  EXPECT_EQ(parse_go_duration("30s"), 30.0);
  EXPECT_EQ(parse_go_duration("1m30s"), 90.0);
  EXPECT_EQ(parse_go_duration("250ms"), 0.25);
  EXPECT_EQ(parse_go_duration("1.5h"), 5400.0);
  EXPECT_EQ(parse_go_duration("0"), 0.0);
  for (const char* bad : {"", "30", "s", "1x", "1s2", "-", "--1s"}) EXPECT_FALSE(parse_go_duration(bad)) << bad;
}

}  // namespace
}  // namespace weir::app
