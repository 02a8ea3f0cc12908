#include "weir/features/auth/users.h"

#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

constexpr int kMostBcryptCost = 14;               // about a second
constexpr std::int64_t kMostShaRounds = 500'000;  // about half a second
constexpr std::size_t kLongestHash = 1024;        // {PLAIN} has no length of its own

bool is_crypt_character(char c) {
  return base::is_alnum(c) || c == '.' || c == '/';
}

bool are_crypt_characters(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_crypt_character);
}

// $2y$10$ and 53 characters.
bool is_bcrypt(std::string_view hash) {
  if (hash.size() != 60 || hash[3] != '$' || hash[6] != '$') return false;
  if (hash[2] != 'a' && hash[2] != 'b' && hash[2] != 'y') return false;
  if (!base::is_digit(hash[4]) || !base::is_digit(hash[5])) return false;
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  return cost >= 4 && cost <= kMostBcryptCost && are_crypt_characters(hash.substr(7));
}

// salt$digest
bool is_salted(std::string_view rest, std::size_t digest) {
  const std::size_t end = rest.find('$');
  return end != std::string_view::npos && rest.size() - end - 1 == digest && are_crypt_characters(rest.substr(end + 1));
}

// [rounds=N$]salt$digest
bool is_sha_crypt(std::string_view rest, std::size_t digest) {
  constexpr std::string_view kRounds = "rounds=";
  if (rest.starts_with(kRounds)) {
    const std::size_t end = rest.find('$');
    if (end == std::string_view::npos) return false;
    const auto rounds = base::parse_int(rest.substr(kRounds.size(), end - kRounds.size()));
    if (!rounds || *rounds < 1000 || *rounds > kMostShaRounds) return false;
    rest.remove_prefix(end + 1);
  }
  return is_salted(rest, digest);
}

bool is_base64(std::string_view text, std::size_t least) {
  return text.size() >= least && std::all_of(text.begin(), text.end(), [](char c) {
           return base::is_alnum(c) || c == '+' || c == '/' || c == '=';
         });
}

Users sorted(Users users) {
  auto by_name = [](const User& a, const User& b) { return a.name < b.name; };
  std::stable_sort(users.all.begin(), users.all.end(), by_name);
  auto same_name = [](const User& a, const User& b) { return a.name == b.name; };
  users.all.erase(std::unique(users.all.begin(), users.all.end(), same_name), users.all.end());
  return users;
}

// A name whose hash is not usable still hides a later line of that name, as it does in the original.
void add(Users& users, std::string_view name, std::string_view hash) {
  const bool usable = is_usable_hash(hash);
  if (!usable) ++users.unusable;
  users.all.push_back({std::string(name), std::string(usable ? hash : std::string_view())});
}

// `rest` is realm:hash. A line of another realm is no mistake.
void add_digest(Users& users, std::string_view name, std::string_view rest, std::string_view realm) {
  constexpr std::size_t kDigits = 32;
  const std::size_t colon = rest.find(':');
  const std::string_view hash = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  const bool usable =
      hash.size() == kDigits && hash.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (!usable) ++users.unusable;
  if (colon == std::string_view::npos || rest.substr(0, colon) != realm) return;
  users.all.push_back({std::string(name), usable ? base::to_lower(hash) : std::string()});
}

// Without empty lines and comments.
template <class Function>
void for_each_line(std::string_view text, const Function& function) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') function(line);
  }
}

}  // namespace

const User* Users::find(std::string_view name) const {
  const auto found = std::lower_bound(all.begin(), all.end(), name,
                                      [](const User& user, std::string_view text) { return user.name < text; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

bool is_usable_hash(std::string_view hash) {
  if (hash.size() > kLongestHash || hash.find('\0') != std::string_view::npos) return false;
  if (hash.starts_with("$2")) return is_bcrypt(hash);
  if (hash.starts_with("$5$")) return is_sha_crypt(hash.substr(3), 43);
  if (hash.starts_with("$6$")) return is_sha_crypt(hash.substr(3), 86);
  if (hash.starts_with("$1$")) return is_salted(hash.substr(3), 22);
  if (hash.starts_with("$apr1$")) return is_salted(hash.substr(6), 22);
  if (hash.starts_with("{SHA}")) return is_base64(hash.substr(5), 28);
  if (hash.starts_with("{SSHA}")) return is_base64(hash.substr(6), 28);
  if (hash.starts_with("{PLAIN}")) return true;
  return hash.size() == 13 && are_crypt_characters(hash);
}

Users read_htpasswd(std::string_view text) {
  Users users;
  for_each_line(text, [&users](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) {
      ++users.unusable;
      return;
    }
    const std::string_view rest = line.substr(colon + 1);
    add(users, line.substr(0, colon), rest.substr(0, rest.find(':')));
  });
  return sorted(std::move(users));
}

Users read_htdigest(std::string_view text, std::string_view realm) {
  Users users;
  for_each_line(text, [&](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) {
      ++users.unusable;
    } else {
      add_digest(users, line.substr(0, colon), line.substr(colon + 1), realm);
    }
  });
  return sorted(std::move(users));
}

Users read_digest_map(const std::map<std::string, std::string>& data, std::string_view realm) {
  Users users;
  for (const auto& [name, value] : data) add_digest(users, name, base::trim(value), realm);
  return sorted(std::move(users));
}

Users read_user_map(const std::map<std::string, std::string>& data) {
  Users users;
  for (const auto& [name, value] : data) add(users, name, base::trim(value));
  return sorted(std::move(users));
}

}  // namespace weir::features
