// Step 6 of life-of-a-request: answers to challenges of digest authentication.
#include "weir/proxy/digest_check.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <charconv>

namespace weir::proxy {
namespace {

constexpr std::size_t kIdSize = 32;         // two numbers of 16 digits
constexpr std::size_t kSignatureSize = 32;  // half of an HMAC-SHA256

std::int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

void append_hex(std::uint64_t number, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(number >> shift) & 15];
}

// All of `text` as hex digits.
template <class Number>
bool read_hex(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, 16);
  return error == std::errc() && end == text.data() + text.size();
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out.append(part).append(1, ':');
  out.pop_back();
  return out;
}

// Can the answer be one to our challenge at all? `nc`: its count.
bool fits(const http::DigestCredentials& given, const DigestCheck::Asked& asked, std::uint32_t& nc) {
  constexpr std::size_t kCountSize = 8;
  if (given.realm != asked.realm || given.uri != asked.target || given.qop != "auth" || given.cnonce.empty()) {
    return false;
  }
  if (!given.algorithm.empty() && !base::iequals(given.algorithm, "MD5")) return false;
  return given.nc.size() == kCountSize && read_hex(given.nc, nc) && nc != 0;
}

}  // namespace

DigestCheck::DigestCheck(Now now, std::size_t most)
    : now_(now ? std::move(now) : Now(steady_ms)), most_(most), key_(tls::random_key()) {}

std::string DigestCheck::signature(std::string_view id) const {
  return tls::to_hex(tls::hmac_sha256(key_, id)).substr(0, kSignatureSize);
}

std::string DigestCheck::make_nonce() {
  std::string nonce;
  nonce.reserve(kIdSize + kSignatureSize);
  append_hex(static_cast<std::uint64_t>(now_()), nonce);
  append_hex(made_.fetch_add(1, std::memory_order_relaxed), nonce);
  nonce += signature(nonce);
  return nonce;
}

bool DigestCheck::is_current(std::string_view nonce, Id& id) const {
  if (nonce.size() != kIdSize + kSignatureSize) return false;
  if (!tls::equal_secrets(signature(nonce.substr(0, kIdSize)), nonce.substr(kIdSize))) return false;
  std::uint64_t made_at = 0;
  if (!read_hex(nonce.substr(0, kIdSize / 2), made_at)) return false;
  if (!read_hex(nonce.substr(kIdSize / 2, kIdSize / 2), id.second)) return false;
  id.first = static_cast<std::int64_t>(made_at);
  return now_() - id.first < kLifetimeMs;
}

bool DigestCheck::count(const Id& id, std::uint32_t nc) {
  const std::lock_guard lock(mutex_);
  const std::int64_t oldest = now_() - kLifetimeMs;
  while (!used_.empty() && used_.begin()->first.first <= oldest) used_.erase(used_.begin());
  auto found = used_.find(id);
  if (found == used_.end()) {
    if (id <= forgotten_) return false;
    if (used_.size() >= most_) {
      forgotten_ = used_.begin()->first;
      used_.erase(used_.begin());
      if (id <= forgotten_) return false;
    }
    found = used_.emplace(id, Counts{}).first;
  }
  Counts& counts = found->second;
  if (nc > counts.highest) {
    const std::uint32_t step = nc - counts.highest;
    counts.window = step >= kWindow ? 0 : counts.window << step;
    counts.window |= 1;
    counts.highest = nc;
    return true;
  }
  const std::uint32_t back = counts.highest - nc;
  if (back >= kWindow || (counts.window >> back & 1) != 0) return false;
  counts.window |= std::uint64_t{1} << back;
  return true;
}

DigestCheck::Outcome DigestCheck::check(const http::DigestCredentials& given, const Asked& asked) {
  std::uint32_t nc = 0;
  if (!fits(given, asked, nc)) return Outcome::wrong;
  // An unknown name is worked out like a wrong password: the time tells nothing about who exists.
  static const std::string nobody(32, '0');
  const bool known = !asked.hash.empty();
  const std::string of_request = tls::md5_hex(joined({asked.method, given.uri}));
  const std::string expected = tls::md5_hex(joined(
      {known ? asked.hash : std::string_view(nobody), given.nonce, given.nc, given.cnonce, given.qop, of_request}));
  const bool equal = tls::equal_secrets(expected, base::to_lower(given.response));
  if (!known || !equal || expected.empty()) return Outcome::wrong;
  Id id;
  if (!is_current(given.nonce, id)) return Outcome::stale;
  return count(id, nc) ? Outcome::right : Outcome::stale;
}

std::size_t DigestCheck::kept() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

}  // namespace weir::proxy
