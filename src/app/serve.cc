// `weir serve`: the daemon.
#include "commands.h"
#include "daemon.h"
#include "machine.h"
#include "print.h"
#include "serve_options.h"
#include "version.h"
#include "weir/base/ascii.h"
#include "weir/observe/log.h"

#include <algorithm>
#include <memory>

namespace weir::app {

namespace {

// Flags without effect are named once, so that nobody waits for what they would do.
void name_idle_flags(const std::vector<Flag>& flags, const std::vector<std::string>& given) {
  for (const std::string& name : given) {
    const auto flag = std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.name == name; });
    if (flag == flags.end()) continue;
    if (flag->effect == FlagEffect::planned) {
      observe::log::warn("serve", "flag --{} has no effect yet: {}", name, flag->doc);
    } else if (flag->effect == FlagEffect::noop) {
      observe::log::info("serve", "flag --{} is accepted and has no meaning here: {}", name, flag->doc);
    }
  }
}

int serve(const ServeOptions& options, const std::vector<Flag>& flags, const std::vector<std::string>& left_over,
          const std::vector<std::string>& given) {
  if (options.show_version) {
    print(version_banner());
    return 0;
  }
  if (const auto problem = check_combination(options)) {
    print_error("weir serve: " + *problem + "\n");
    return kExitUsage;
  }
  occupy_standard_streams();
  observe::start_log({options.log_level, options.log_style, 2});
  observe::log::info("serve", "Weir {} starts{}, compatible with ingress-nginx 1.15.1", version_text(),
                     options.manifests.empty() ? "" : " in standalone mode");
  name_idle_flags(flags, given);
  if (!left_over.empty()) observe::log::warn("serve", "arguments ignored: {}", base::join(left_over, " "));
  const int status = run_daemon(options);
  observe::stop_log();
  return status;
}

}  // namespace

Command serve_command() {
  auto options = std::make_shared<ServeOptions>();
  Command command;
  command.name = "serve";
  command.summary = "run the controller and its proxy";
  command.flags = serve_flags(*options);
  command.run = [options, flags = command.flags](const std::vector<std::string>& left_over,
                                                 const std::vector<std::string>& given) {
    return serve(*options, flags, left_over, given);
  };
  return command;
}

}  // namespace weir::app
