// What an API server sends about objects: lines of a watch and pages of a list, decoded. managedFields and the
// last-applied annotation are cut out before anything is parsed. Any bytes give a value or an error. Pure.
#pragma once

#include "watch/resource.h"
#include "weir/base/result.h"
#include "weir/kube/decode.h"
#include "weir/kube/objects.h"
#include "weir/watch/api_client.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::watch {

// One object of a list or an event.
struct Item {
  kube::ObjectName name;
  std::string resource_version;
  std::vector<kube::AnyObject> objects;  // what it decodes to; empty when it was not asked for or is no good
  std::string problem;                   // why it is no good; empty: it is
  bool decoded = false;                  // false: `wanted` did not ask for it
};

// Whether an object is of interest beyond its name.
using Wanted = std::function<bool(const kube::ObjectName&)>;

struct WatchEvent {
  enum class Type { added, modified, deleted, bookmark, error, unknown };
  Type type = Type::unknown;
  std::string type_text;            // as sent, printable
  std::string wrong_kind;           // the object is of this kind instead; nothing else is set then
  Item item;                        // added, modified, deleted
  std::string resource_version;     // also of bookmarks; empty: none
  bool initial_events_end = false;  // bookmark
  ApiStatus status;                 // error
};

// An error: the line is no event.
base::Result<WatchEvent> read_watch_event(std::string_view line, const Resource& resource, const Wanted& wanted);

struct ListPage {
  std::string resource_version;
  std::string continue_token;  // empty: the last page
  std::vector<Item> items;
  std::size_t unreadable = 0;  // items without a name, or of another kind
};

base::Result<ListPage> read_list_page(std::string_view text, const Resource& resource, const Wanted& wanted);

// `object` without what nobody reads. Exposed for tests.
std::string without_baggage(std::string_view object);

}  // namespace weir::watch
