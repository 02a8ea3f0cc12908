// Users: the credentials of basic and digest authentication as a Secret holds them (spec 4.2): names and password
// hashes. Values; any thread. A secret: never printed, never logged.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir::features {

struct User {
  std::string name;
  std::string hash;  // empty: not usable, nobody logs in with it

  bool operator==(const User&) const = default;
};

struct Users {
  std::vector<User> all;     // sorted by name, unique
  std::size_t unusable = 0;  // lines of another form, or with a hash nobody can log in with

  const User* find(std::string_view name) const;
  bool operator==(const Users&) const = default;
};

// auth-file: htpasswd text, `name:hash` or `name:hash:comment` a line; lines that begin with `#` are comments. Of
// several lines for one name the first counts.
Users read_htpasswd(std::string_view text);
// auth-map: every key is a name, its value the hash.
Users read_user_map(const std::map<std::string, std::string>& data);

// The same for digest authentication: `name:realm:hash` a line, of which those of `realm` count, or `realm:hash` as
// value of a key. The hash is MD5(name:realm:password) in hex; here in lower case.
Users read_htdigest(std::string_view text, std::string_view realm);
Users read_digest_map(const std::map<std::string, std::string>& data, std::string_view realm);

// The kinds of rulings: bcrypt ($2a$, $2b$, $2y$), SHA-crypt ($5$, $6$), MD5-crypt ($1$), $apr1$, {SHA}, {SSHA},
// {PLAIN}, DES. A hash whose cost would keep a processor busy for seconds (bcrypt above 14, SHA-crypt above 500,000
// rounds) is not usable.
bool is_usable_hash(std::string_view hash);

}  // namespace weir::features
