#include "watch/watch_event.h"

#include "watch/json_scan.h"

#include <algorithm>
#include <utility>

namespace weir::watch {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";
constexpr std::size_t kMaxShown = 60;

// A piece of the text and what stands there instead.
struct Cut {
  std::string_view piece;
  std::string_view instead;
};

// What can be read of an object without decoding it.
struct Outline {
  std::string kind;  // empty: not said
  kube::ObjectName name;
  std::string resource_version;
  bool initial_events_end = false;
  std::vector<Cut> cuts;
};

std::string printable(std::string text) {
  text.resize(std::min(text.size(), kMaxShown));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string text_or_empty(std::string_view value) {
  return scanned_text(value).value_or(std::string());
}

void outline_annotations(std::string_view annotations, Outline& outline) {
  scan_members(annotations, [&](std::string_view key, std::string_view value) {
    if (key == kLastApplied) outline.cuts.push_back({value, "\"\""});
    if (key == kInitialEventsEnd) outline.initial_events_end = value == "\"true\"";
  });
}

bool outline_of(std::string_view object, Outline& outline) {
  return scan_members(object, [&](std::string_view key, std::string_view value) {
    if (key == "kind") outline.kind = text_or_empty(value);
    if (key != "metadata") return;
    scan_members(value, [&](std::string_view field, std::string_view content) {
      if (field == "name") outline.name.name = text_or_empty(content);
      if (field == "namespace") outline.name.ns = text_or_empty(content);
      if (field == "resourceVersion") outline.resource_version = text_or_empty(content);
      if (field == "managedFields") outline.cuts.push_back({content, "null"});
      if (field == "annotations") outline_annotations(content, outline);
    });
  });
}

std::string apply_cuts(std::string_view object, const std::vector<Cut>& cuts) {
  std::string text;
  text.reserve(object.size());
  std::size_t at = 0;
  for (const Cut& cut : cuts) {  // in the order they stand in
    const auto begin = static_cast<std::size_t>(cut.piece.data() - object.data());
    text.append(object.substr(at, begin - at)).append(cut.instead);
    at = begin + cut.piece.size();
  }
  return text.append(object.substr(at));
}

Item item_of(std::string_view object, Outline& outline, const Resource& resource, const Wanted& wanted) {
  Item item;
  item.name = std::move(outline.name);
  item.resource_version = std::move(outline.resource_version);
  if (!resource.namespaced) item.name.ns.clear();
  if (wanted && !wanted(item.name)) return item;
  item.decoded = true;
  auto decoded = kube::decode_item(apply_cuts(object, outline.cuts), resource.api_version, resource.kind);
  if (!decoded) {
    item.problem = decoded.error().text();
  } else if (!decoded->errors.empty()) {
    item.problem = decoded->errors.front().field + ": " + decoded->errors.front().text;
  } else {
    item.objects = std::move(decoded->objects);
  }
  return item;
}

WatchEvent::Type type_of(const std::string& text) {
  using Type = WatchEvent::Type;
  if (text == "ADDED") return Type::added;
  if (text == "MODIFIED") return Type::modified;
  if (text == "DELETED") return Type::deleted;
  if (text == "BOOKMARK") return Type::bookmark;
  return text == "ERROR" ? Type::error : Type::unknown;
}

}  // namespace

std::string without_baggage(std::string_view object) {
  Outline outline;
  outline_of(object, outline);
  return apply_cuts(object, outline.cuts);
}

base::Result<WatchEvent> read_watch_event(std::string_view line, const Resource& resource, const Wanted& wanted) {
  WatchEvent event;
  std::string_view object;
  std::string type;
  const bool whole = scan_members(line, [&](std::string_view key, std::string_view value) {
    if (key == "type") type = text_or_empty(value);
    if (key == "object") object = value;
  });
  if (!whole) return base::fail("a line of the watch is no JSON object");
  event.type = type_of(type);
  event.type_text = printable(type);
  if (event.type == WatchEvent::Type::error) {
    event.status = read_api_status(object);
    return event;
  }
  Outline outline;
  if (!outline_of(object, outline)) {
    if (event.type == WatchEvent::Type::unknown) return event;
    return base::fail("an event of the watch has no object");
  }
  if (!outline.kind.empty() && outline.kind != resource.kind) {
    event.wrong_kind = printable(outline.kind);
    return event;
  }
  event.resource_version = outline.resource_version;
  event.initial_events_end = outline.initial_events_end;
  if (event.type == WatchEvent::Type::bookmark || event.type == WatchEvent::Type::unknown) return event;
  if (outline.name.name.empty()) return base::fail("an event of the watch is about an object without a name");
  event.item = item_of(object, outline, resource,
                       event.type == WatchEvent::Type::deleted ? Wanted([](const auto&) { return false; }) : wanted);
  return event;
}

base::Result<ListPage> read_list_page(std::string_view text, const Resource& resource, const Wanted& wanted) {
  ListPage page;
  std::string_view items;
  std::string kind;
  const bool whole = scan_members(text, [&](std::string_view key, std::string_view value) {
    if (key == "kind") kind = text_or_empty(value);
    if (key == "items") items = value;
    if (key != "metadata") return;
    scan_members(value, [&](std::string_view field, std::string_view content) {
      if (field == "resourceVersion") page.resource_version = text_or_empty(content);
      if (field == "continue") page.continue_token = text_or_empty(content);
    });
  });
  if (!whole) return base::fail("the list is no JSON object");
  const std::string expected = std::string(resource.kind) + "List";
  if (kind != expected) return base::fail("the answer is of kind " + printable(kind) + " instead of " + expected);
  if (page.resource_version.empty()) return base::fail("the list has no resource version");
  if (items.empty() || items == "null") return page;
  const bool listed = scan_elements(items, [&](std::string_view object) {
    Outline outline;
    const bool readable = outline_of(object, outline) && !outline.name.name.empty() &&
                          (outline.kind.empty() || outline.kind == resource.kind);
    if (!readable) {
      ++page.unreadable;
      return;
    }
    page.items.push_back(item_of(object, outline, resource, wanted));
  });
  if (!listed) return base::fail("the items of the list are no array");
  return page;
}

}  // namespace weir::watch
