#include "watch/manifest_store.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace weir::watch {
namespace {

bool same_value(const kube::AnyObject& a, const kube::AnyObject& b) {
  if (a.index() != b.index()) return false;
  return std::visit([&b](const auto& object) { return *object == *std::get<std::decay_t<decltype(object)>>(b); }, a);
}

bool same_values(const std::vector<kube::AnyObject>& a, const std::vector<kube::AnyObject>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_value);
}

void erase(kube::ClusterState& state, kube::Changes& changes, const kube::AnyObject& any) {
  std::visit(
      [&](const auto& object) {
        using T = std::remove_const_t<typename std::decay_t<decltype(object)>::element_type>;
        state.of<T>().erase(object->meta.object_name());
        changes.note<T>(object->meta.object_name());
      },
      any);
}

void insert(kube::ClusterState& state, kube::Changes& changes, const kube::AnyObject& any) {
  std::visit(
      [&](const auto& object) {
        using T = std::remove_const_t<typename std::decay_t<decltype(object)>::element_type>;
        state.of<T>().insert_or_assign(object->meta.object_name(), object);
        changes.note<T>(object->meta.object_name());
      },
      any);
}

std::string names_of(const std::vector<base::ObjectRef>& refs) {
  constexpr std::size_t kMaxNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(refs.size(), kMaxNamed); ++i) {
    text += (i == 0 ? "" : ", ") + base::to_string(refs[i]);
  }
  if (refs.size() > kMaxNamed) text += " and " + std::to_string(refs.size() - kMaxNamed) + " more";
  return text;
}

}  // namespace

void ManifestStore::update(const std::string& file, std::string_view text, Occasion occasion) {
  auto& slot = *files_.try_emplace(file).first;
  File& known = slot.second;
  const std::size_t hash = std::hash<std::string_view>()(text);
  const bool same = !known.unreadable && known.hash == hash && known.size == text.size();
  if (same && occasion == Occasion::seen) return;
  ++now_;
  if (same) {
    for (const base::ObjectRef& ref : known.objects) {
      if (shared_.count(ref) == 0) continue;
      for (Source& source : entries_[ref].sources) {
        if (source.file == &slot.first) source.written = now_;
      }
      refresh(ref);
    }
    return;
  }
  known.hash = hash;
  known.size = text.size();
  known.unreadable = false;
  take_manifest(slot, read_manifest(file, text));
}

void ManifestStore::take_manifest(Files::value_type& file, Manifest manifest) {
  std::set<base::ObjectRef> names;
  for (const ManifestObject& object : manifest.objects) names.insert(object.ref);
  const std::set<base::ObjectRef> refused(manifest.refused.begin(), manifest.refused.end());
  std::vector<base::ObjectRef> kept;
  const std::set<base::ObjectRef> before = file.second.objects;
  for (const base::ObjectRef& ref : before) {
    if (names.count(ref) != 0) continue;
    if (manifest.unreadable || refused.count(ref) != 0) {
      kept.push_back(ref);
    } else {
      file.second.objects.erase(ref);
      drop(file.first, ref);
    }
  }
  for (ManifestObject& object : manifest.objects) put(file, std::move(object));

  for (base::Diagnostic& diagnostic : manifest.diagnostics) {
    if (diagnostic.severity != base::Severity::error || kept.empty()) continue;
    const bool named = refused.count(diagnostic.object) != 0;
    if (named && !std::binary_search(kept.begin(), kept.end(), diagnostic.object)) continue;
    // An unreadable file that can only mean one object is a message about that object.
    if (diagnostic.object.kind.empty() && kept.size() == 1) diagnostic.object = kept.front();
    diagnostic.text += "; the last good version of " + (named ? "it" : names_of(kept)) + " stays in force";
  }
  set_diagnostics(file.second, std::move(manifest.diagnostics));
}

void ManifestStore::fail(const std::string& file, const std::string& reason) {
  File& known = files_[file];
  known.unreadable = true;
  const std::vector<base::ObjectRef> kept(known.objects.begin(), known.objects.end());
  std::string text = reason;
  if (!kept.empty()) text += "; the last good version of " + names_of(kept) + " stays in force";
  base::ObjectRef ref = kept.size() == 1 ? kept.front() : base::ObjectRef();
  set_diagnostics(known, {{base::Severity::error, "unreadable-file", std::move(ref), "", std::move(text), file, 0}});
}

void ManifestStore::remove(const std::string& file) {
  const auto it = files_.find(file);
  if (it == files_.end()) return;
  for (const base::ObjectRef& ref : it->second.objects) drop(it->first, ref);
  set_diagnostics(it->second, {});
  files_.erase(it);
}

void ManifestStore::put(Files::value_type& file, ManifestObject object) {
  file.second.objects.insert(object.ref);
  Entry& entry = entries_[object.ref];
  auto source = std::find_if(entry.sources.begin(), entry.sources.end(),
                             [&file](const Source& other) { return other.file == &file.first; });
  if (source == entry.sources.end()) {
    source = entry.sources.insert(source, Source{&file.first, 0, 0, {}});
    if (entry.sources.size() == 2) shared_.insert(object.ref);
    if (entry.sources.size() >= 2) changed_ = true;
  }
  // An equal object keeps its address: later stages compare addresses to see what changed.
  if (!same_values(source->objects, object.objects)) source->objects = std::move(object.objects);
  if (source->line != object.line) changed_ = true;
  source->line = object.line;
  source->written = now_;
  refresh(object.ref);
}

void ManifestStore::drop(const std::string& file, const base::ObjectRef& ref) {
  const auto it = entries_.find(ref);
  if (it == entries_.end()) return;
  auto& sources = it->second.sources;
  sources.erase(
      std::remove_if(sources.begin(), sources.end(), [&file](const Source& source) { return source.file == &file; }),
      sources.end());
  if (sources.size() < 2) shared_.erase(ref);
  changed_ = true;
  refresh(ref);
}

const ManifestStore::Source& ManifestStore::newest(const Entry& entry) {
  return *std::max_element(entry.sources.begin(), entry.sources.end(),
                           [](const Source& a, const Source& b) { return a.written < b.written; });
}

// Brings the state in line with the entry's newest source.
void ManifestStore::refresh(const base::ObjectRef& ref) {
  const auto it = entries_.find(ref);
  Entry& entry = it->second;
  const bool is_ingress = ref.kind == kube::Ingress::kKind;
  const kube::ObjectName name{ref.ns, ref.name};
  if (entry.sources.empty()) {
    for (const auto& object : entry.in_state) erase(state_, changes_, object);
    if (is_ingress) state_.ingress_origins.erase(name);
    entries_.erase(it);
    return;
  }
  const Source& source = newest(entry);
  if (is_ingress) {
    kube::Origin& origin = state_.ingress_origins[name];
    if (origin.file != *source.file || origin.line != source.line) changes_.note<kube::Ingress>(name);
    origin = {*source.file, source.line};
  }
  if (entry.in_state == source.objects) return;
  changed_ = true;
  for (const auto& object : entry.in_state) erase(state_, changes_, object);
  for (const auto& object : source.objects) insert(state_, changes_, object);
  entry.in_state = source.objects;
}

void ManifestStore::set_diagnostics(File& file, base::Diagnostics diagnostics) {
  if (file.diagnostics == diagnostics) return;
  file.diagnostics = std::move(diagnostics);
  changed_ = true;
}

bool ManifestStore::take_changed() {
  return std::exchange(changed_, false);
}

base::Diagnostics ManifestStore::diagnostics() const {
  base::Diagnostics all;
  for (const auto& [name, file] : files_) all.insert(all.end(), file.diagnostics.begin(), file.diagnostics.end());
  for (const base::ObjectRef& ref : shared_) {
    const Entry& entry = entries_.at(ref);
    const Source& used = newest(entry);
    for (const Source& source : entry.sources) {
      if (&source == &used) continue;
      all.push_back({base::Severity::warning, "object-duplicate", ref, "",
                     "also stands in " + *used.file + ", which was written later and is used", *source.file,
                     source.line});
    }
  }
  std::sort(all.begin(), all.end(), [](const base::Diagnostic& a, const base::Diagnostic& b) {
    return std::tie(a.file, a.line, a.object, a.code, a.key) < std::tie(b.file, b.line, b.object, b.code, b.key);
  });
  return all;
}

std::vector<std::string> ManifestStore::files() const {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

}  // namespace weir::watch
