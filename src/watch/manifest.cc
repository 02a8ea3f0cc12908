#include "watch/manifest.h"

#include "watch/json_stream.h"
#include "watch/yaml_json.h"

#include <map>
#include <utility>

namespace weir::watch {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  void read(std::string_view text) {
    if (ends_with(file_, ".json")) {
      for (const JsonDocument& document : split_json(text)) read(document);
      return;
    }
    const auto documents = yaml_to_json_documents(text);
    if (documents.has_error()) {
      unreadable(documents.error().text(), documents.error().code());
      return;
    }
    for (const JsonDocument& document : documents.value()) read(document);
  }

  Manifest take() { return std::move(manifest_); }

 private:
  void read(const JsonDocument& document) {
    if (!document.error.empty()) {
      unreadable(document.error, document.line);
      return;
    }
    auto result = kube::decode(document.json);
    if (result.has_error()) {
      const int line = document.lines_match && result.error().code() > 0 ? result.error().code() - 1 : 0;
      unreadable(result.error().text(), document.line + line);
      return;
    }
    kube::Decoded& decoded = result.value();
    for (const kube::DecodedItem& item : decoded.items) add(item, decoded, line_of(document, item.place));
    for (const kube::Problem& problem : decoded.warnings) {
      report(base::Severity::warning, "object-warning", problem, line_of(document, problem.place));
    }
    for (const kube::Problem& problem : decoded.errors) {
      report(base::Severity::error, "object-invalid", problem, line_of(document, problem.place));
      if (problem.ref.kind.empty() || problem.ref.name.empty()) {
        manifest_.unreadable = true;
      } else {
        manifest_.refused.push_back(problem.ref);
      }
    }
    for (const std::string& skipped : decoded.skipped) {
      manifest_.diagnostics.push_back({base::Severity::info,
                                       "kind-not-read",
                                       {},
                                       "",
                                       skipped + " is of a kind that is not read",
                                       file_,
                                       document.line});
    }
  }

  static int line_of(const JsonDocument& document, int place) {
    const auto index = static_cast<std::size_t>(place);
    return place >= 0 && index < document.item_lines.size() ? document.item_lines[index] : document.line;
  }

  void add(const kube::DecodedItem& item, const kube::Decoded& decoded, int line) {
    const auto begin = decoded.objects.begin() + static_cast<std::ptrdiff_t>(item.first);
    ManifestObject object{item.ref, line, {begin, begin + static_cast<std::ptrdiff_t>(item.count)}};
    const auto [known, is_new] = places_.emplace(item.ref, manifest_.objects.size());
    if (is_new) {
      manifest_.objects.push_back(std::move(object));
      return;
    }
    manifest_.objects[known->second] = std::move(object);
    manifest_.diagnostics.push_back({base::Severity::warning, "object-duplicate", item.ref, "",
                                     "stands several times in this file; the last one is used", file_, line});
  }

  void report(base::Severity severity, const char* code, const kube::Problem& problem, int line) {
    manifest_.diagnostics.push_back({severity, code, problem.ref, problem.field, problem.text, file_, line});
  }

  void unreadable(const std::string& text, int line) {
    manifest_.unreadable = true;
    manifest_.diagnostics.push_back({base::Severity::error, "unreadable-file", {}, "", text, file_, line});
  }

  const std::string& file_;
  Manifest manifest_;
  std::map<base::ObjectRef, std::size_t> places_;  // -> index in manifest_.objects
};

}  // namespace

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

Manifest read_manifest(const std::string& file, std::string_view text) {
  Reader reader(file);
  reader.read(text);
  return reader.take();
}

}  // namespace weir::watch
