// Looking a request up in a table (life-of-a-request, step 5): host, location, captures, rewritten path.
// Nothing here allocates on the way of a match; a Lookup belongs to one worker (it owns the PCRE2 match data).
#pragma once

#include "weir/route/routing_table.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::route {

struct LocationMatch {
  const Location* location = nullptr;  // never null after find_location: "/" always exists
  bool slash_redirect = false;         // answer 301 to the path plus "/" (spec 2.6)
};

class Lookup {
 public:
  Lookup();
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // `host`: lower case, no port, no trailing dot; may be empty (spec 2.3). Never null: at worst the catch-all.
  const Host& find_host(const RoutingTable& table, std::string_view host);
  // `path`: normalised (http/normalize.h).
  LocationMatch find_location(const Host& host, std::string_view path);
  // Matches the location's own path pattern (spec 2.5) for $1..$9; false: there is nothing to capture.
  bool match_captures(const Location& location, std::string_view path);
  // REQUIRES: match_captures() for this `path` was the last call and gave true. A view into `path`; empty: the group
  // matched nothing.
  std::string_view capture(unsigned number, std::string_view path) const;

  // Does the expression match anywhere in the text?
  bool contains(const PathPattern& pattern, std::string_view text);
  // Why the client is not served on any host (spec 4.6), a stable code such as "block-user-agents"; empty: it is
  // served. REQUIRES: table.blocks.
  std::string_view find_block(const RoutingTable& table, std::string_view user_agent, std::string_view referer);

  std::uint64_t regex_limit_hits() const;  // matches given up at the PCRE2 limit, counted as "no match"

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A caseless expression for Lookup::contains(); nullptr and `problem` where it does not compile.
std::shared_ptr<const PathPattern> compile_search(const std::string& text, std::string* problem = nullptr);

// Why each location of the host won or lost for this path, in list order; for `weir explain`.
struct Candidate {
  const Location* location = nullptr;
  bool wins = false;
  std::string reason;  // "exact match", "prefix /a/ is shorter than /a/b/", "regex ^/x did not match"
};
std::vector<Candidate> explain_location(Lookup& lookup, const Host& host, std::string_view path);

}  // namespace weir::route
