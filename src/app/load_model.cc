#include "load_model.h"

#include "settings_checks.h"

#include "weir/features/filter_order.h"
#include "weir/model/admission.h"
#include "weir/proxy/access_log_settings.h"
#include "weir/watch/load_path.h"

#include <algorithm>
#include <utility>

namespace weir::app {

route::CompileOptions compile_options(const model::Options& options) {
  route::CompileOptions compile;
  compile.http_port = options.http_port;
  compile.https_port = options.https_port;
  compile.config_map = options.config_map;
  compile.health_check_path = options.health_check_path;
  compile.verify_auth_url = options.verify_auth_url;
  compile.filter_mask = features::filter_mask;
  return compile;
}

View view_of(const LoadedModel& loaded) {
  return {*loaded.table, loaded.model, loaded.accepted, loaded.diagnostics};
}

LoadedModel load_model(const std::vector<std::string>& paths, const model::Options& given) {
  model::Options options = given;
  options.assume_own_class = true;
  LoadedModel loaded;
  watch::Loaded read = watch::load_paths(paths);
  loaded.state = std::move(read.state);
  loaded.accepted = model::accept({}, loaded.state, options);
  model::BuildResult built = model::build(loaded.accepted, loaded.state, options);
  route::CompileOptions compile = compile_options(options);
  compile.fake_certificate = nullptr;
  route::Compiler compiler(std::move(compile));
  route::CompileResult compiled = compiler.compile(built.model);
  loaded.model = std::move(built.model);
  loaded.table = std::move(compiled.table);

  model::admit_leaving(loaded.state, loaded.accepted.diagnostics);
  model::admit_leaving(loaded.state, built.diagnostics);
  base::Diagnostics& all = loaded.diagnostics;
  all = std::move(read.diagnostics);
  loaded.unreadable = std::any_of(all.begin(), all.end(), [](const base::Diagnostic& d) {
    return d.code == "unreadable-file" || d.code == "unreadable-folder";
  });
  all.insert(all.end(), loaded.accepted.diagnostics.begin(), loaded.accepted.diagnostics.end());
  all.insert(all.end(), built.diagnostics.begin(), built.diagnostics.end());
  all.insert(all.end(), compiled.diagnostics.begin(), compiled.diagnostics.end());
  const base::Diagnostics logging =
      about_access_log(options, observe::AccessLog::problems_of(proxy::access_log_settings(*loaded.table->settings)));
  all.insert(all.end(), logging.begin(), logging.end());
  base::Diagnostics refused = model::admission_errors(loaded.accepted, loaded.state, options);
  model::admit_leaving(loaded.state, refused);
  all.insert(all.end(), refused.begin(), refused.end());
  for (base::Diagnostic& diagnostic : all) {
    if (!diagnostic.file.empty() || diagnostic.object.kind != "Ingress") continue;
    const auto origin = loaded.state.ingress_origins.find({diagnostic.object.ns, diagnostic.object.name});
    if (origin == loaded.state.ingress_origins.end()) continue;
    diagnostic.file = origin->second.file;
    diagnostic.line = origin->second.line;
  }
  // The gravest first, then by object.
  std::sort(all.begin(), all.end(), [](const base::Diagnostic& a, const base::Diagnostic& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    return a < b;
  });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return loaded;
}

}  // namespace weir::app
