// Filter: what a feature does to a request (life-of-a-request, steps 6 and 10). A filter is one stateless object for
// the process; what differs per location is in the policies, what differs per request in the RequestContext.
//
// Thread rule: called on a worker's thread, on all workers at once. Lifetime: filters live as long as the process; a
// RequestContext lives until its request is finished, the table it points into is pinned that long.
//
//   net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
//     if (request.path != "/") return Verdict::go_on;
//     return request.redirect(302, "https://a.example/app", "app-root");
//   }
#pragma once

#include "weir/base/cidr.h"
#include "weir/http/head.h"
#include "weir/http/normalize.h"
#include "weir/http/proxy_protocol.h"
#include "weir/net/task.h"
#include "weir/proxy/limit_table.h"
#include "weir/proxy/password_check.h"
#include "weir/route/lookup.h"
#include "weir/route/routing_table.h"
#include "weir/tls/host_tls.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

typedef struct ssl_st SSL;

namespace weir::proxy {

class AuthClient;
class DigestCheck;
struct Request;

// The client's connection. Outlives all its requests.
struct ClientConnection {
  base::IpAddress address;
  std::uint16_t port = 0;
  std::uint16_t local_port = 0;  // of the listener that took the connection
  bool https = false;            // the listener's; the scheme of the connection
  std::string address_text;      // "10.1.2.3"
  std::string local_address_text;
  std::optional<http::ProxyAddresses> proxied;        // what a PROXY header said (spec 4.15); trusted or not
  std::unique_ptr<const tls::ClientIdentity> client;  // where its server name asks clients for certificates
  SSL* tls = nullptr;  // once its handshake is done; null on plain connections. Owned by the socket
};

// Client address, scheme, host and port as they count for this request: the connection's own, or what a trusted peer
// said in X-Forwarded-* (spec 5.2).
struct Forwarded {
  base::IpAddress address;
  std::string address_text;
  std::uint16_t client_port = 0;  // of the TCP peer, or of a trusted PROXY header
  std::string_view scheme;        // effective scheme, verbatim (spec 2.8)
  std::string_view host;          // authority: X-Forwarded-Host's first element, or the Host header as received
  std::string port;               // for X-Forwarded-Port
  bool trusted = false;           // use-forwarded-headers: Proto, Host and Port were taken from the headers
};

// An answer made by Weir itself.
struct Answer {
  int status = 0;                 // 0: none
  std::string_view reason;        // stable code; static text or text of the pinned table
  std::string location;           // Location header; empty: none
  std::string body;               // plain text; empty: the built-in page of the status
  std::string_view content_type;  // static text; empty: text/html for a page, default-type where there is none
  bool empty_body = false;        // no page

  void clear() {
    status = 0;
    reason = {};
    location.clear();
    body.clear();
    content_type = {};
    empty_body = false;
  }
};

// Fields set on the response, whoever made it: they replace fields of the same name sent by the upstream.
class ResponseFields {
 public:
  // `id` is that of `name`; with FieldId::other the name is compared as text.
  void set(http::FieldId id, std::string_view name, std::string_view value);
  // One more field, next to those of the upstream and to earlier ones (Set-Cookie). `id` is FieldId::other only where
  // there is no upstream's response.
  void add(http::FieldId id, std::string_view name, std::string_view value);
  void clear();

  const http::Fields& added() const { return added_; }
  bool replaces(const http::Fields& of, const http::Field& field) const;
  bool empty() const { return added_.all().empty(); }

 private:
  http::Fields added_;
  std::uint64_t ids_ = 0;  // bit per FieldId
  bool others_ = false;    // some are FieldId::other
};

enum class Verdict : std::uint8_t { go_on, answered };

// What a filter sees of one request. `head` may be changed by on_request, nothing else but through the functions.
struct RequestContext {
  http::RequestHead head;
  std::string path;  // normalised: decoded, slashes merged, dot segments resolved
  const ClientConnection* connection = nullptr;
  Forwarded forwarded;
  route::Lookup* lookup = nullptr;  // the worker's

  const route::RoutingTable* table = nullptr;
  const route::Host* host = nullptr;
  const route::Location* location = nullptr;  // null at the host stop

  std::string target;            // request target for the upstream; empty: the client's own, byte for byte
  bool redirected = false;       // internally (X-Accel-Redirect): path, target and query are no longer the client's
  std::string redirect_query;    // of that redirect, with its "?"; see query()
  std::string forwarded_prefix;  // X-Forwarded-Prefix for the upstream; empty: none
  std::string remote_user;       // whom the client claims to be, where authentication asks; for the log
  bool password_right = false;   // basic or digest authentication has let the client in
  bool nonce_stale = false;      // of a right answer to digest authentication
  const features::AuthPolicy* digest_passed = nullptr;  // whose challenge it was: an answer counts once, whatever
                                                        // locations the request goes through
  Answer answer;
  ResponseFields response;
  ResponseFields upstream_added;          // fields of the upstream request that its authentication service made
  std::vector<std::string> auth_cookies;  // Set-Cookie of that service
  http::Fields* upstream_fields =
      nullptr;                         // of the upstream's response, while on_response runs for one; may be changed
  LimitTable* limits = nullptr;        // of the process
  PasswordCheck* passwords = nullptr;  // the worker's
  DigestCheck* digests = nullptr;      // of the process
  AuthClient* auth = nullptr;          // the worker's
  bool client_gone = false;            // a filter found nobody left to answer; it has replied nevertheless
  LimitHold limit_hold;                // this request among its client's concurrent ones
  bool rates_counted = false;          // limit-rps, limit-rpm: a request counts once
  int response_status = 0;             // when on_response runs
  const Request* whole = nullptr;      // what else the proxy knows of it; null: nothing (weir explain)

  const features::Policies& policies() const { return location->policies; }
  const features::Settings& settings() const { return *table->settings; }
  // With its "?", or empty.
  std::string_view query() const {
    return redirected ? std::string_view(redirect_query) : http::query_of(head.target());
  }

  // `text` for this request as far as it is known by now (spec 0.4). Control characters, which a decoded path may hold,
  // are left out.
  void expand(const features::VariableText& text, std::string& out) const;
  // The same for a URL: what captures hold is escaped, as nginx does it for an argument.
  void expand_url(const features::VariableText& text, std::string& out) const;
  // The same without a copy where the text is a literal or one variable; else `scratch` holds it. Valid until the
  // request or `scratch` changes.
  std::string_view text_of(const features::VariableText& text, std::string& scratch) const;

  // Who counts as one client for the limits: the address, or limit-conn-zone-variable, which `text` then holds. Empty:
  // nobody.
  std::string_view limit_client(std::string& text) const;

  // Ends the request. `reason` must be static text or text of the table.
  Verdict reply(int status, std::string_view reason);
  // A 30x with this Location. A target that is a path becomes absolute unless `keep_relative` (spec 1.1).
  Verdict redirect(int status, std::string_view to, std::string_view reason, bool keep_relative = true);

 protected:
  void clear_context();  // `whole` stays
};

class Filter {
 public:
  virtual ~Filter() = default;

  virtual std::string_view name() const = 0;
  // Does it act in a location with these policies? Asked once when a table is compiled. At the host stop, before a
  // location is known, a filter always runs.
  virtual bool active(const features::Policies& policies) const = 0;

  virtual net::MaybeTask<Verdict> on_request(RequestContext&) const { return Verdict::go_on; }
  // Also for answers made by Weir itself, once a location was chosen.
  virtual void on_response(RequestContext&) const {}
};

// Where in the order of spec 0.1 a filter stands: before a location is chosen (steps 2-3), in the location (4-9), or
// once a live backend is known (10-16).
enum class Stop : std::uint8_t { host, location, live_backend };

struct FilterEntry {
  Stop stop = Stop::location;
  const Filter* filter = nullptr;
  std::string_view why;  // why it stands at this place
};

// The one visible order of filters. Bit i of Location::filters belongs to entry i; at most 64.
using FilterList = std::span<const FilterEntry>;

}  // namespace weir::proxy
