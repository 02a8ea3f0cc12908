// Compares the table and the diagnostics of each case with what is expected; see README.md of this folder.
#include "weir/model/accept.h"
#include "weir/model/admission.h"
#include "weir/model/build.h"
#include "weir/route/compile.h"
#include "weir/watch/load_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace weir {
namespace {

namespace fs = std::filesystem;

fs::path root() {
  return fs::path(WEIR_SOURCE_DIR) / "tests" / "golden";
}

std::optional<std::string> read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  ASSERT_TRUE(out.good()) << path;
}

kube::ObjectName object_name(const std::string& text) {
  const auto slash = text.find('/');
  return {text.substr(0, slash), text.substr(slash + 1)};
}

using SetFlag = std::function<void(model::Options&, const std::string&)>;

const std::map<std::string, SetFlag>& flags() {
  using model::Options;
  static const std::map<std::string, SetFlag> all = {
      {"configmap", [](Options& o, const std::string& v) { o.config_map = object_name(v); }},
      {"default-backend-service", [](Options& o, const std::string& v) { o.default_backend_service = object_name(v); }},
      {"ingress-class", [](Options& o, const std::string& v) { o.ingress_class = v; }},
      {"controller-class", [](Options& o, const std::string& v) { o.controller_class = v; }},
      {"enable-ssl-passthrough", [](Options& o, const std::string&) { o.ssl_passthrough = true; }},
      {"ingress-class-by-name", [](Options& o, const std::string&) { o.ingress_class_by_name = true; }},
      {"watch-ingress-without-class", [](Options& o, const std::string&) { o.watch_ingress_without_class = true; }},
      {"disable-catch-all", [](Options& o, const std::string&) { o.disable_catch_all = true; }},
      {"watch-namespace", [](Options& o, const std::string& v) { o.watch_namespace = v; }},
      {"annotations-prefix", [](Options& o, const std::string& v) { o.annotations_prefix = v; }},
      {"disable-svc-external-name", [](Options& o, const std::string&) { o.disable_svc_external_name = true; }},
  };
  return all;
}

model::Options options_of(const std::string& manifest) {
  model::Options options;
  const std::string marker = "# flag: --";
  std::istringstream lines(manifest);
  for (std::string line; std::getline(lines, line) && line.starts_with('#');) {
    if (!line.starts_with(marker)) continue;
    const std::string flag = line.substr(marker.size());
    const auto equals = flag.find('=');
    const auto found = flags().find(flag.substr(0, equals));
    if (found == flags().end()) {
      ADD_FAILURE() << "unknown flag in: " << line;
      continue;
    }
    found->second(options, equals == std::string::npos ? "" : flag.substr(equals + 1));
  }
  return options;
}

void append(base::Diagnostics& to, const base::Diagnostics& from) {
  to.insert(to.end(), from.begin(), from.end());
}

struct Outcome {
  std::string table;
  std::string diagnostics;
};

Outcome compile(const fs::path& manifest, const model::Options& options) {
  watch::Loaded loaded = watch::load_path(manifest.string());
  const model::AcceptedSet accepted = model::accept({}, loaded.state, options);
  const model::BuildResult built = model::build(accepted, loaded.state, options);
  route::CompileOptions compile_options;
  compile_options.tls = false;
  compile_options.config_map = options.config_map;
  route::Compiler compiler(compile_options);
  const route::CompileResult compiled = compiler.compile(built.model);

  base::Diagnostics all = std::move(loaded.diagnostics);
  append(all, accepted.diagnostics);
  append(all, built.diagnostics);
  append(all, model::admission_errors(accepted, loaded.state, options));
  model::admit_leaving(loaded.state, all);
  append(all, compiled.diagnostics);
  for (base::Diagnostic& diagnostic : all) {
    if (!diagnostic.file.empty()) diagnostic.file = fs::path(diagnostic.file).filename().string();
  }
  std::sort(all.begin(), all.end());
  std::reverse(all.begin(), all.end());  // the gravest first
  Outcome outcome;
  outcome.table = route::to_text(*compiled.table);
  for (const base::Diagnostic& diagnostic : all) {
    outcome.diagnostics += "[" + diagnostic.code + "] " + base::to_string(diagnostic) + "\n";
  }
  return outcome;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, IsAsExpected) {
  const fs::path folder = root() / GetParam();
  const auto manifest = read(folder / "in.yaml");
  ASSERT_TRUE(manifest) << folder / "in.yaml";
  ASSERT_TRUE(manifest->starts_with("# ")) << "the first line of in.yaml is the sentence under test";

  const Outcome outcome = compile(folder / "in.yaml", options_of(*manifest));

  if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) {
    write(folder / "table.txt", outcome.table);
    write(folder / "diagnostics.txt", outcome.diagnostics);
    return;
  }
  EXPECT_EQ(read(folder / "table.txt").value_or("missing"), outcome.table) << "./dev golden rewrites it";
  EXPECT_EQ(read(folder / "diagnostics.txt").value_or("missing"), outcome.diagnostics) << "./dev golden rewrites it";
}

std::vector<std::string> cases() {
  std::vector<std::string> found;
  for (const char* kind : {"compile", "annotations"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(root() / kind)) {
      if (entry.is_directory()) found.push_back(kind + ("/" + entry.path().filename().string()));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(cases()), test_name);

}  // namespace
}  // namespace weir
