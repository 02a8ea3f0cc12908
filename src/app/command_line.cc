#include "command_line.h"

#include "print.h"
#include "weir/base/ascii.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <utility>

namespace weir::app {

namespace {

struct ParsedArguments {
  std::vector<std::string> canonical;  // "--name=value"
  std::vector<std::string> positionals;
  std::map<std::string, std::vector<std::string>> values;  // flag -> its values in order
  std::vector<std::string> order;                          // flags in order of their first use
  std::string error;
};

const char* type_name(FlagType type) {
  switch (type) {
    case FlagType::boolean:
      return "BOOL";
    case FlagType::text:
      return "TEXT";
    case FlagType::integer:
      return "INT";
    case FlagType::number:
      return "NUMBER";
    case FlagType::duration:
      return "DURATION";
    case FlagType::list:
      return "LIST";
    case FlagType::each:
      return "TEXT ...";
  }
  return "";
}

const Flag* find_flag(const std::vector<Flag>& flags, std::string_view name) {
  const auto it = std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.name == name; });
  return it == flags.end() ? nullptr : &*it;
}

const Flag* find_short(const std::vector<Flag>& flags, char letter) {
  const auto it = std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.short_name == letter; });
  return it == flags.end() ? nullptr : &*it;
}

std::string unknown_flag(const std::string& written, std::string_view name, const std::vector<Flag>& flags) {
  std::vector<std::string_view> names;
  names.reserve(flags.size());
  for (const Flag& flag : flags) names.push_back(flag.name);
  // A flag is refused, so some name is always offered: the nearest likely one, else the one that shares most.
  std::string_view near = base::nearest(name, names);
  if (near.empty()) {
    std::size_t best = 0;
    for (const std::string_view candidate : names) {
      const auto same = static_cast<std::size_t>(
          std::mismatch(name.begin(), name.end(), candidate.begin(), candidate.end()).first - name.begin());
      if (same > best) {
        best = same;
        near = candidate;
      }
    }
  }
  std::string text = "unknown flag: " + written;
  if (!near.empty()) text += "; the nearest is --" + std::string(near);
  return text;
}

// Brings every way of writing a flag into the form "--name=value", which CLI11 reads without exceptions to the rule.
ParsedArguments normalise(const std::vector<std::string>& arguments, const std::vector<Flag>& flags) {
  ParsedArguments parsed;
  const auto take = [&](const Flag& flag, const std::string& value) {
    if (!parsed.values.contains(flag.name)) parsed.order.push_back(flag.name);
    parsed.values[flag.name].push_back(value);
    parsed.canonical.push_back("--" + flag.name + "=" + value);
  };
  for (std::size_t i = 0; i < arguments.size() && parsed.error.empty(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      parsed.positionals.insert(parsed.positionals.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                arguments.end());
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      parsed.positionals.push_back(argument);
      continue;
    }
    if (argument == "--help" || argument == "-h") continue;  // see wants_help()
    const Flag* flag = nullptr;
    std::optional<std::string> value;
    if (argument[1] == '-') {
      const std::size_t equals = argument.find('=');
      std::string name = argument.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
      std::replace(name.begin(), name.end(), '_', '-');
      flag = find_flag(flags, name);
      if (!flag) {
        parsed.error = unknown_flag(argument.substr(0, equals), name, flags);
        break;
      }
      if (equals != std::string::npos) value = argument.substr(equals + 1);
    } else {
      flag = find_short(flags, argument[1]);
      if (!flag) {
        parsed.error = unknown_flag(argument, argument.substr(1, argument.find('=') - 1), flags);
        break;
      }
      if (argument.size() > 2) value = argument.substr(argument[2] == '=' ? 3 : 2);
    }
    if (!value && flag->type == FlagType::boolean) value = "true";
    if (!value) {
      if (i + 1 == arguments.size()) {
        parsed.error = "flag needs a value: " + argument;
        break;
      }
      value = arguments[++i];
    }
    take(*flag, *value);
  }
  return parsed;
}

std::string apply(const ParsedArguments& parsed, const std::vector<Flag>& flags) {
  for (const std::string& name : parsed.order) {
    const Flag& flag = *find_flag(flags, name);
    std::vector<std::string> values = parsed.values.at(name);
    if (flag.type == FlagType::list) values = {base::join(values, ",")};
    if (flag.type != FlagType::each) values.erase(values.begin(), values.end() - 1);
    for (const std::string& value : values) {
      std::optional<std::string> problem = check_flag_type(flag.type, value);
      if (!problem && flag.apply) problem = flag.apply(value);
      if (problem) return "invalid value \"" + value + "\" for flag --" + name + ": " + *problem;
    }
  }
  return {};
}

int usage_error(const std::string& command, const std::string& text) {
  print_error("weir " + command + ": " + text + "\nsee: weir " + command + " --help\n");
  return kExitUsage;
}

void describe(CLI::App& app, const Command& command, std::vector<std::string>& positionals) {
  for (const Flag& flag : command.flags) {
    std::string doc = flag.doc;
    if (!flag.default_text.empty()) doc += " (default " + flag.default_text + ")";
    if (flag.effect == FlagEffect::planned) doc += " [no effect yet]";
    if (flag.effect == FlagEffect::noop) doc += " [accepted, no meaning here]";
    std::string names = "--" + flag.name;
    if (flag.short_name != 0) names = std::string("-") + flag.short_name + "," + names;
    // Values are taken from the normalised arguments; CLI11 checks shapes and writes the help. An empty value ("--x=")
    // is legal and a repeated flag is too.
    app.add_option_function<std::vector<std::string>>(
           names, [](const std::vector<std::string>&) {}, doc)
        ->expected(0, 1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->type_name(type_name(flag.type))
        ->group(flag.group.empty() ? "Options" : flag.group);
  }
  // For the help only: positional arguments are told from flags' values before CLI11 sees them.
  if (!command.positional.empty()) app.add_option(command.positional, positionals, command.positional_doc);
}

// Help is given even beside a wrong flag.
bool wants_help(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, "--help") != end || std::find(arguments.begin(), end, "-h") != end;
}

// Empty: the number of positional arguments fits. The original ignores them where none is asked for.
std::string check_count(const Command& command, std::size_t count) {
  if (count < command.min_positional) return command.positional + " is missing";
  if (!command.positional.empty() && count > command.max_positional) return "too many arguments";
  return {};
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  const ParsedArguments parsed = normalise(arguments, command.flags);
  CLI::App app(command.summary, "weir " + command.name);
  app.get_formatter()->column_width(36);
  std::vector<std::string> shown;
  describe(app, command, shown);
  if (wants_help(arguments)) {
    print(app.help());
    return 0;
  }
  if (!parsed.error.empty()) return usage_error(command.name, parsed.error);
  const std::string count_problem = check_count(command, parsed.positionals.size());
  if (!count_problem.empty()) return usage_error(command.name, count_problem);
  std::vector<std::string> reversed(parsed.canonical.rbegin(), parsed.canonical.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return usage_error(command.name, error.what());
  }
  const std::string problem = apply(parsed, command.flags);
  if (!problem.empty()) return usage_error(command.name, problem);
  return command.run(parsed.positionals, parsed.order);
}

std::string overview(const std::vector<Command>& commands) {
  std::string text =
      "Weir, a Kubernetes Ingress controller with its own HTTP proxy.\n\nusage: weir COMMAND [flags]\n\n";
  for (const Command& command : commands) {
    if (command.hidden) continue;
    text += "  " + command.name + std::string(12 - std::min<std::size_t>(command.name.size(), 11), ' ') +
            command.summary + "\n";
  }
  return text + "\n`weir COMMAND --help` explains each.\n";
}

}  // namespace

std::optional<double> parse_go_duration(std::string_view text) {
  if (text == "0") return 0;
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t unit_size = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view unit = text.substr(0, unit_size);
    text.remove_prefix(unit_size);
    if (unit == "h") {
      seconds += number * 3600;
    } else if (unit == "m") {
      seconds += number * 60;
    } else if (unit == "s") {
      seconds += number;
    } else if (unit == "ms") {
      seconds += number / 1e3;
    } else if (unit == "us" || unit == "µs") {
      seconds += number / 1e6;
    } else if (unit == "ns") {
      seconds += number / 1e9;
    } else {
      return std::nullopt;
    }
  }
  return negative ? -seconds : seconds;
}

std::optional<std::string> check_flag_type(FlagType type, std::string_view value) {
  switch (type) {
    case FlagType::boolean:
      if (!base::parse_bool(value)) return "must be true or false";
      break;
    case FlagType::integer:
      if (!base::parse_int(value)) return "must be a whole number";
      break;
    case FlagType::number: {
      double number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size()) return "must be a number";
      break;
    }
    case FlagType::duration:
      if (!parse_go_duration(value)) return "must be a duration like 30s or 1m30s";
      break;
    case FlagType::text:
    case FlagType::list:
    case FlagType::each:
      break;
  }
  return std::nullopt;
}

int run_command_line(int argc, char** argv, const std::vector<Command>& commands) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const std::string called = argc > 0 ? std::string(argv[0]) : "";
  const std::string program = called.substr(called.rfind('/') + 1);
  if (program == "nginx-ingress-controller") arguments.insert(arguments.begin(), "serve");
  if (program == "wait-shutdown" || program == "dbg") arguments.insert(arguments.begin(), program);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    const bool asked = !arguments.empty();
    asked ? print(overview(commands)) : print_error(overview(commands));
    return asked ? 0 : kExitUsage;
  }
  std::string name = arguments[0];
  if (name == "--version") {
    name = "version";
  } else if (name[0] == '-') {
    name = "serve";
    arguments.insert(arguments.begin(), name);
  }
  arguments.erase(arguments.begin());
  for (const Command& command : commands) {
    if (command.name == name) return run(command, arguments);
  }
  std::vector<std::string_view> names;
  for (const Command& command : commands) {
    if (!command.hidden) names.push_back(command.name);
  }
  const std::string_view near = base::nearest(name, names);
  print_error("weir: unknown command: " + name +
              (near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?") + "\n" +
              overview(commands));
  return kExitUsage;
}

std::string flags_markdown(const std::vector<Flag>& flags) {
  std::vector<std::string> groups;
  for (const Flag& flag : flags) {
    if (std::find(groups.begin(), groups.end(), flag.group) == groups.end()) groups.push_back(flag.group);
  }
  std::string out;
  for (const std::string& group : groups) {
    out += "\n### " + group + "\n\n| flag | default | effect | state |\n| --- | --- | --- | --- |\n";
    for (const Flag& flag : flags) {
      if (flag.group != group) continue;
      const char* state = flag.effect == FlagEffect::active ? "exact"
                          : flag.effect == FlagEffect::noop ? "no-op"
                                                            : "planned";
      out += "| `--" + flag.name + "`" + (flag.short_name != 0 ? std::string(", `-") + flag.short_name + "`" : "") +
             " | " + (flag.default_text.empty() ? "" : "`" + flag.default_text + "`") + " | " +
             markdown_cell(flag.doc) + " | " + state + " |\n";
    }
  }
  return out;
}

}  // namespace weir::app
