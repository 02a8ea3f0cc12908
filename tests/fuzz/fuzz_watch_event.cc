// Lines of a watch and pages of a list: any bytes give a value or an error with a text, and objects are not null.
#include "fuzz/fuzz.h"
#include "watch/watch_event.h"

#include <string_view>

namespace {

void require_sound(const weir::watch::Item& item) {
  for (const weir::kube::AnyObject& object : item.objects) {
    const bool there = std::visit([](const auto& pointer) { return pointer != nullptr; }, object);
    weir::fuzz::require(there, "objects are not null");
  }
  weir::fuzz::require(item.problem.empty() || item.objects.empty(), "an object with a problem is not used");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::fuzz::text(data, size);
  for (const weir::watch::Resource* resource : {&weir::watch::kIngresses, &weir::watch::kServices}) {
    const auto event = weir::watch::read_watch_event(text, *resource, {});
    if (event) {
      require_sound(event->item);
    } else {
      weir::fuzz::require(!event.error().text().empty(), "an error has a text");
    }
    const auto page = weir::watch::read_list_page(text, *resource, {});
    if (!page) {
      weir::fuzz::require(!page.error().text().empty(), "an error has a text");
      continue;
    }
    for (const weir::watch::Item& item : page->items) require_sound(item);
  }
  return 0;
}
