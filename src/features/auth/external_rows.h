// The rows of external authentication (spec 1.2, 4.1), a part of the auth set. Pure; any thread.
#pragma once

#include "features/annotation_spec.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::features {

std::vector<Spec> external_auth_rows();
// With auth-url, the whole policy is of the annotations; else it is the ConfigMap's, unless enable-global-auth is
// false.
void read_external_auth(SetView& view);

// What is wrong with a value; shared with the ConfigMap's global-auth-*.
std::optional<std::string> check_auth_url(std::string_view value);
std::optional<std::string> check_auth_header_name(std::string_view name);
// Items "[code...] time", added to `into`.
std::optional<std::string> read_auth_cache_rules(std::string_view value, std::vector<AuthCacheRule>& into);

}  // namespace weir::features
