#include "weir/watch/api_client.h"

#include "watch/api_connection.h"
#include "watch/credentials.h"
#include "watch/kubeconfig.h"
#include "weir/observe/log.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>
#include <vector>

namespace weir::watch {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using ConnectionPtr = std::shared_ptr<ApiConnection>;

namespace {

constexpr int kUnauthorized = 401;
constexpr std::size_t kMaxShown = 300;
// Kept connections; an API server closes them after 90 s or more.
constexpr std::chrono::seconds kIdleLimit{60};
constexpr std::size_t kMaxIdle = 16;

std::string shown(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) return {};
  std::string text = it->get<std::string>().substr(0, kMaxShown);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
  return text;
}

int number(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_integer() ? it->get<int>() : 0;
}

}  // namespace

ApiStatus read_api_status(std::string_view body) {
  ApiStatus status;
  const nlohmann::json object = nlohmann::json::parse(body, nullptr, false);
  if (!object.is_object()) return status;
  status.code = number(object, "code");
  status.reason = shown(object, "reason");
  status.message = shown(object, "message");
  const auto details = object.find("details");
  if (details == object.end() || !details->is_object()) return status;
  status.retry_after = std::chrono::seconds(std::clamp(number(*details, "retryAfterSeconds"), 0, 3600));
  const auto causes = details->find("causes");
  if (causes != details->end() && causes->is_array() && !causes->empty() && causes->front().is_object()) {
    status.cause = shown(causes->front(), "reason");
  }
  return status;
}

struct ApiClient::State : std::enable_shared_from_this<State> {
  State(asio::io_context& c, ApiConfig a, ApiClientOptions o)
      : context(c), config(std::move(a)), options(o), credentials(config, options.token_interval) {}

  struct Sent {
    ConnectionPtr connection;
    ApiHead head;
  };

  asio::io_context& context;
  const ApiConfig config;
  const ApiClientOptions options;
  Credentials credentials;
  int certificate_generation = 0;
  std::vector<ConnectionPtr> idle;                   // the last one was used last
  std::vector<std::weak_ptr<ApiConnection>> active;  // in use
  std::size_t request_count = 0;
  std::size_t connection_count = 0;
  bool stopped = false;

  asio::awaitable<base::Result<Sent>> send(const ApiRequest& request);
  asio::awaitable<base::Result<Sent>> send_once(const ApiRequest& request);
  asio::awaitable<base::Result<ConnectionPtr>> connect();
  asio::awaitable<base::Result<ApiAnswer>> request(ApiRequest request);
  // Keeps the state while it runs.
  static asio::awaitable<base::Result<ApiAnswer>> run(std::shared_ptr<State> state, ApiRequest request);
  ConnectionPtr take_idle();
  void give_back(ConnectionPtr connection);
  void use(const ConnectionPtr& connection);
  base::Result<ApiEndpoint> endpoint() const;
  std::string text_of(const ApiRequest& request) const;
  void stop();
};

ConnectionPtr ApiClient::State::take_idle() {
  const auto now = Clock::now();
  while (!idle.empty()) {
    ConnectionPtr connection = std::move(idle.back());
    idle.pop_back();
    if (now - connection->idle_since < kIdleLimit && connection->quiet()) return connection;
    connection->close();
  }
  return nullptr;
}

void ApiClient::State::give_back(ConnectionPtr connection) {
  if (stopped || !connection->reusable() || idle.size() >= kMaxIdle) return connection->close();
  connection->idle_since = Clock::now();
  idle.push_back(std::move(connection));
}

void ApiClient::State::use(const ConnectionPtr& connection) {
  std::erase_if(active, [&](const auto& other) { return other.expired() || other.lock() == connection; });
  active.push_back(connection);
}

base::Result<ApiEndpoint> ApiClient::State::endpoint() const {
  ApiEndpoint e{config.host,     config.port,   config.tls,         config.server_name,
                config.insecure, config.ca_pem, config.client_cert, config.client_key};
  if (!config.tls) return e;
  const std::pair<const std::string*, std::string*> files[] = {{&config.ca_file, &e.ca_pem},
                                                               {&config.client_cert_file, &e.client_cert},
                                                               {&config.client_key_file, &e.client_key}};
  for (const auto& [file, into] : files) {
    if (file->empty()) continue;
    auto content = read_small_file(*file);
    if (!content) return content.error();
    *into = std::move(*content);
  }
  if (!credentials.client_cert().empty()) {
    e.client_cert = credentials.client_cert();
    e.client_key = credentials.client_key();
  }
  return e;
}

std::string ApiClient::State::text_of(const ApiRequest& request) const {
  std::string text = request.method + " " + config.base_path + request.path +
                     " HTTP/1.1\r\nHost: " + authority_of(config) +
                     "\r\nUser-Agent: weir/" WEIR_VERSION "\r\nAccept: application/json\r\n";
  if (const std::string who = credentials.authorization(); !who.empty()) text += "Authorization: " + who + "\r\n";
  if (!request.body.empty() || request.method != "GET") {
    text += "Content-Type: " + (request.content_type.empty() ? "application/json" : request.content_type) +
            "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

asio::awaitable<base::Result<ConnectionPtr>> ApiClient::State::connect() {
  const auto where = endpoint();
  if (!where) co_return where.error();
  ++connection_count;
  co_return co_await ApiConnection::connect(*where, options.connect_limit);
}

asio::awaitable<base::Result<ApiClient::State::Sent>> ApiClient::State::send_once(const ApiRequest& request) {
  const auto refreshed = co_await credentials.refresh();
  if (!refreshed) co_return refreshed.error();
  if (std::exchange(certificate_generation, credentials.certificate_generation()) != certificate_generation) {
    idle.clear();
  }
  for (ConnectionPtr kept = take_idle(); !stopped;) {
    const bool was_kept = kept != nullptr;
    if (!was_kept) {
      auto fresh = co_await connect();
      if (!fresh) co_return fresh.error();
      kept = std::move(*fresh);
    }
    if (stopped) break;
    use(kept);
    ++request_count;
    const std::string text = text_of(request);
    const auto head = co_await kept->exchange(text, options.request_limit);
    if (head) co_return Sent{kept, *head};
    // The server closed the kept connection in the very moment: reading may simply be asked again.
    if (!was_kept || !kept->unanswered() || request.method != "GET") co_return head.error();
    kept = nullptr;
  }
  co_return base::fail("the client of the API server was ended");
}

asio::awaitable<base::Result<ApiClient::State::Sent>> ApiClient::State::send(const ApiRequest& request) {
  auto sent = co_await send_once(request);
  if (!sent || sent->head.status != kUnauthorized) co_return sent;
  if (config.token_file.empty() && !config.exec) co_return sent;
  // The token may have been renewed since it was read.
  sent->connection->close();
  credentials.refused();
  co_return co_await send_once(request);
}

asio::awaitable<base::Result<ApiAnswer>> ApiClient::State::request(ApiRequest request) {
  auto sent = co_await send(request);
  if (!sent) co_return sent.error();
  ApiAnswer answer;
  answer.status = sent->head.status;
  answer.retry_after = sent->head.retry_after;
  const auto deadline = Clock::now() + options.request_limit;
  for (;;) {
    const auto more = co_await sent->connection->read_body(answer.body, options.request_limit);
    if (!more) co_return more.error();
    if (!*more) break;
    if (answer.body.size() > options.answer_limit || Clock::now() > deadline) {
      sent->connection->close();
      co_return base::fail("the answer of the API server is too long or comes too slowly");
    }
  }
  give_back(std::move(sent->connection));
  co_return answer;
}

asio::awaitable<base::Result<ApiAnswer>> ApiClient::State::run(std::shared_ptr<State> state, ApiRequest request) {
  co_return co_await state->request(std::move(request));
}

void ApiClient::State::stop() {
  stopped = true;
  idle.clear();
  for (const auto& weak : std::exchange(active, {})) {
    if (const auto connection = weak.lock()) connection->close();
  }
}

ApiClient::ApiClient(asio::io_context& context, ApiConfig config, ApiClientOptions options)
    : state_(std::make_shared<State>(context, std::move(config), options)) {}

ApiClient::~ApiClient() {
  state_->stop();
}

asio::awaitable<base::Result<ApiAnswer>> ApiClient::request(ApiRequest request) {
  const auto state = state_;
  co_return co_await state->request(std::move(request));
}

asio::awaitable<base::Result<std::unique_ptr<ApiStream>>> ApiClient::open(ApiRequest request) {
  const auto state = state_;
  auto sent = co_await state->send(request);
  if (!sent) co_return sent.error();
  std::weak_ptr<State> weak = state;
  auto give_back = [weak](ConnectionPtr connection) {
    if (const auto owner = weak.lock()) owner->give_back(std::move(connection));
  };
  co_return std::make_unique<ApiStream>(sent->connection, sent->head.status, sent->head.retry_after, give_back);
}

ApiCall ApiClient::call() const {
  return [weak = std::weak_ptr<State>(state_), &context = state_->context](ApiRequest request, ApiDone done) {
    const auto state = weak.lock();
    if (!state || state->stopped) {
      asio::post(context, [done = std::move(done)] { done(base::fail("the client of the API server was ended")); });
      return;
    }
    asio::co_spawn(
        state->context, State::run(state, std::move(request)),
        [done = std::move(done)](const std::exception_ptr& escaped, base::Result<ApiAnswer> answer) {
          done(escaped ? base::Result<ApiAnswer>(base::fail("the request ended by an exception")) : std::move(answer));
        });
  };
}

const ApiConfig& ApiClient::config() const {
  return state_->config;
}

std::size_t ApiClient::requests() const {
  return state_->request_count;
}

std::size_t ApiClient::connections() const {
  return state_->connection_count;
}

ApiStream::ApiStream(std::shared_ptr<ApiConnection> connection, int status, std::chrono::seconds retry_after,
                     std::function<void(std::shared_ptr<ApiConnection>)> give_back)
    : connection_(std::move(connection)),
      status_(status),
      retry_after_(retry_after),
      give_back_(std::move(give_back)) {}

ApiStream::~ApiStream() {
  give_back_(std::move(connection_));
}

asio::awaitable<base::Result<std::optional<std::string_view>>> ApiStream::next_line(std::chrono::milliseconds idle,
                                                                                    std::size_t limit) {
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      const std::string_view line(buffer_.data() + line_, end - line_);
      line_ = searched_ = end + 1;
      co_return std::optional<std::string_view>(line);
    }
    if (ended_) {
      if (line_ == buffer_.size()) co_return std::optional<std::string_view>();
      co_return base::fail("the last line of the answer was cut");
    }
    buffer_.erase(0, std::exchange(line_, 0));
    searched_ = buffer_.size();
    if (buffer_.size() > limit) co_return base::fail("a line of the answer is too long", EMSGSIZE);
    const auto more = co_await connection_->read_body(buffer_, idle);
    if (!more) co_return more.error();
    ended_ = !*more;
  }
}

asio::awaitable<base::Result<std::string>> ApiStream::read_rest(std::chrono::milliseconds idle, std::size_t limit) {
  std::string rest = buffer_.substr(line_);
  buffer_.clear();
  line_ = searched_ = 0;
  while (!ended_) {
    const auto more = co_await connection_->read_body(rest, idle);
    if (!more) co_return more.error();
    ended_ = !*more;
    if (rest.size() > limit) co_return base::fail("the answer is too long");
  }
  co_return rest;
}

}  // namespace weir::watch
