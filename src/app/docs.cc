// `weir docs PAGE`: the generated pages of docs/, used by `./dev gen`.
#include "commands.h"
#include "print.h"
#include "serve_options.h"
#include "weir/features/annotation_table.h"
#include "weir/features/settings_table.h"
#include "weir/observe/metrics_registry.h"

namespace weir::app {

namespace {

std::string options_page() {
  ServeOptions options;
  return "# Options\n\nFlags of `weir serve`, then the keys of the controller ConfigMap.\n\n## Flags\n\n"
         "Generated from the table in `src/app`; do not edit. Written `--name=value` or `--name value`; booleans also "
         "bare;\nnames with `_` for `-` too. A repeated flag takes its last value.\n\n"
         "State: *exact* does what the text says; *no-op* is accepted and has no meaning in Weir; *planned* is "
         "accepted, "
         "has no\neffect yet and is named once in the log at start.\n" +
         flags_markdown(serve_flags(options)) + "\n" + features::settings_markdown();
}

std::string metrics_page() {
  std::string out =
      "# Metrics\n\nGenerated from the table in `src/observe`; do not edit. `GET /metrics` on `--healthz-port`. "
      "Without\n"
      "`--enable-metrics` only the `process_*` families are shown.\n\n"
      "Most families also carry `controller_class`, `controller_namespace` and `controller_pod`; the `ssl_*` families "
      "and\n"
      "the histograms `weir_config_*` do not.\n\n"
      "| name | type | labels | meaning |\n| --- | --- | --- | --- |\n";
  for (const observe::MetricDoc& doc : observe::metric_docs()) {
    out += "| `" + std::string(doc.name) + "` | " + to_string(doc.type) + " | " +
           (doc.labels.empty() ? std::string() : "`" + std::string(doc.labels) + "`") + " | " +
           markdown_cell(doc.help) + " |\n";
  }
  return out;
}

}  // namespace

Command docs_command() {
  Command command;
  command.name = "docs";
  command.summary = "print a generated page: annotations, options or metrics";
  command.hidden = true;
  command.positional = "PAGE";
  command.positional_doc = "annotations, options or metrics";
  command.min_positional = 1;
  command.max_positional = 1;
  command.run = [](const std::vector<std::string>& pages, const std::vector<std::string>&) {
    if (pages[0] == "annotations") {
      print(features::annotations_markdown());
    } else if (pages[0] == "options") {
      print(options_page());
    } else if (pages[0] == "metrics") {
      print(metrics_page());
    } else {
      print_error("weir docs: unknown page: " + pages[0] + "\n");
      return kExitUsage;
    }
    return 0;
  };
  return command;
}

}  // namespace weir::app
