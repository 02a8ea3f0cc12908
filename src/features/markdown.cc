// The generated pages: docs/annotations.md and the ConfigMap part of docs/options.md.
#include "features/annotation_sets.h"
#include "weir/features/settings_table.h"

#include <string>

namespace weir::features {
namespace {

// A cell may hold no bar and no line break; a bar inside code marks needs the backslash too.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) {
  std::string out;
  if (text.empty()) return out;
  out += '`';
  out += cell(text);
  out += '`';
  return out;
}

void add_row(std::string& out, std::initializer_list<std::string> cells) {
  for (const std::string& text : cells) out += "| " + text + " ";
  out += "|\n";
}

std::string reaction(const AnnotationRow& row) {
  std::string out = to_string(row.on_invalid);
  if (row.apply && row.on_unusable != row.on_invalid) out += std::string(", ") + to_string(row.on_unusable);
  return out;
}

std::string default_of(const AnnotationRow& row) {
  const bool computed = row.default_text.empty() && row.print;
  std::string out = code(computed ? row.print(Policies{}) : std::string(row.default_text));
  if (row.settings_key.empty()) return out;
  if (!out.empty()) out += ' ';
  out += "(ConfigMap ";
  out += code(row.settings_key);
  out += ')';
  return out;
}

std::string class_of(Support support, bool protects) {
  std::string out = to_string(support);
  if (support == Support::planned && protects) out += ", 503";
  return out;
}

std::string class_of(const AnnotationRow& row) {
  std::string out = class_of(row.support, row.protects);
  if (row.planned_values.empty()) return out;
  out += "; ";
  for (const std::string_view value : row.planned_values) out += code(value) + " ";
  return out + class_of(Support::planned, row.protects);
}

std::string key_of(const AnnotationRow& row) {
  std::string out = code(row.key);
  if (!row.alias.empty()) out += ", alias " + code(row.alias);
  return out;
}

}  // namespace

std::string annotations_markdown() {
  std::string out =
      "# Annotations\n\n"
      "Generated from the tables in `src/features`; do not edit. The prefix is `nginx.ingress.kubernetes.io/`\n"
      "(flag `--annotations-prefix`).\n\n"
      "Class: *exact* behaves as ingress-nginx 1.15.1; *no-op* is accepted and has no meaning here; *planned* is not\n"
      "implemented yet and served with a warning, or, marked *503*, closes its paths, because it protects them;\n"
      "*refused* is never used, and closes its paths where the gates for snippets are open. A class behind values is "
      "that "
      "of\n"
      "these values alone.\n\n"
      "Bad value: *ING* the object is not taken over (an older accepted version stays); *503* all paths of the object\n"
      "answer 503; *DEF* the default is used; *GRP* all annotations of the group are ignored. A second code is for "
      "values\n"
      "that have the right characters but can't be used.\n";
  for (const AnnotationSet& set : annotation_sets()) {
    out += "\n## " + std::string(set.feature) + "\n\n";
    out += "| annotation | class | value | default | scope | risk | bad value | effect |\n";
    out += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const AnnotationRow& row : set.rows) {
      add_row(out, {key_of(row), class_of(row), cell(row.syntax), default_of(row), to_string(row.scope),
                    to_string(row.risk), reaction(row), cell(row.doc)});
    }
  }
  return out;
}

std::string settings_markdown() {
  std::string out =
      "## ConfigMap\n\n"
      "Generated from the tables in `src/features`; do not edit. The keys of the ConfigMap that `--configmap` names.\n"
      "A value that can't be used leaves the default of its key and gives a warning; an unknown key gives a warning.\n"
      "The classes are those of `docs/annotations.md`; a planned key marked *503* closes everything while it is "
      "set.\n\n"
      "| key | class | value | default | takes effect | meaning |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  const Settings defaults;
  for (const SettingRow& row : settings_table()) {
    const std::string text =
        !row.default_text.empty() || !row.print ? std::string(row.default_text) : row.print(defaults);
    add_row(out, {code(row.key), class_of(row.support, row.protects), cell(row.type), code(text),
                  row.restart ? "at the next start" : "at once", cell(row.doc)});
  }
  return out;
}

}  // namespace weir::features
