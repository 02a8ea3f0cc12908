// Any text gives sorted, unique users whose hashes are usable or empty, the same ones each time.
#include "fuzz/fuzz.h"
#include "weir/features/auth/users.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::features;
  using weir::fuzz::require;
  const std::string_view input = weir::fuzz::text(data, size);
  const Users users = read_htpasswd(input);
  const auto not_before = [](const User& a, const User& b) { return a.name >= b.name; };
  require(std::adjacent_find(users.all.begin(), users.all.end(), not_before) == users.all.end(), "sorted, unique");
  for (const User& user : users.all) {
    require(!user.name.empty() && user.name.find('\n') == std::string::npos, "names are names");
    require(user.hash.empty() || is_usable_hash(user.hash), "hashes are usable");
    require(users.find(user.name) == &user, "found by name");
  }
  require(users == read_htpasswd(input), "pure");
  return 0;
}
