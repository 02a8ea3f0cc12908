#include "watch/reference_fetcher.h"

#include "watch/watch_plan.h"
#include "weir/observe/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <exception>
#include <random>
#include <set>
#include <utility>

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 falsely complains about how Asio frees the frames of coroutines (GCC bug 103993).
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace weir::watch {

namespace asio = boost::asio;
namespace log = observe::log;

namespace {

constexpr int kOk = 200;

}  // namespace

struct ReferenceFetcher::State : std::enable_shared_from_this<State> {
  State(asio::io_context& c, ApiClient& a, Done d) : context(c), client(a), done(std::move(d)) {}

  asio::io_context& context;
  ApiClient& client;
  Done done;
  std::set<Reference> wanted;  // queued or on the way
  std::deque<Reference> queue;
  int running = 0;
  bool stopped = false;
  std::minstd_rand random{std::random_device{}()};

  void work();
  asio::awaitable<void> run(Reference reference);
  asio::awaitable<base::Result<std::optional<Item>>> ask(Reference reference);
};

void ReferenceFetcher::State::work() {
  while (running < kAtOnce && !queue.empty()) {
    Reference reference = std::move(queue.front());
    queue.pop_front();
    ++running;
    asio::co_spawn(context, run(std::move(reference)), [self = shared_from_this()](const std::exception_ptr& escaped) {
      --self->running;
      if (escaped) log::error("watch", "an object that is named could not be fetched; restart Weir");
      if (!self->stopped) self->work();
    });
  }
}

asio::awaitable<base::Result<std::optional<Item>>> ReferenceFetcher::State::ask(Reference reference) {
  const Resource& resource = reference.kind == Reference::Kind::secret ? kSecrets : kConfigMaps;
  const Scope scope{reference.name.ns, "metadata.name=" + reference.name.name, ""};
  ApiRequest request;
  request.method = "GET";
  request.path = path_of(resource, scope) + "?" + selectors_of(scope).substr(1);
  const auto answer = co_await client.request(std::move(request));
  if (!answer) co_return answer.error();
  if (answer->status != kOk) {
    co_return base::fail("the API server answers " + std::to_string(answer->status) + " " +
                         read_api_status(answer->body).message);
  }
  auto page = read_list_page(answer->body, resource, {});
  if (!page) co_return page.error();
  std::optional<Item> item;
  if (!page->items.empty()) item = std::move(page->items.front());
  co_return item;
}

asio::awaitable<void> ReferenceFetcher::State::run(Reference reference) {
  const auto self = shared_from_this();
  WatchBackoff backoff;
  asio::steady_timer timer(context);
  while (!stopped) {
    auto item = co_await ask(reference);
    if (stopped) co_return;
    if (item) {
      wanted.erase(reference);
      done(reference, std::move(*item));
      co_return;
    }
    log::warn("watch", "{} {}: {}; trying again", reference.kind == Reference::Kind::secret ? "Secret" : "ConfigMap",
              kube::to_string(reference.name), item.error().text());
    const auto now = std::chrono::steady_clock::now();
    timer.expires_after(backoff.next(now, std::uniform_real_distribution<double>(0, 1)(random)));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

ReferenceFetcher::ReferenceFetcher(asio::io_context& context, ApiClient& client, Done done)
    : state_(std::make_shared<State>(context, client, std::move(done))) {}

ReferenceFetcher::~ReferenceFetcher() {
  stop();
}

void ReferenceFetcher::fetch(const Reference& reference) {
  if (state_->stopped || !state_->wanted.insert(reference).second) return;
  state_->queue.push_back(reference);
  asio::post(state_->context, [self = state_] {
    if (!self->stopped) self->work();
  });
}

bool ReferenceFetcher::busy() const {
  return !state_->wanted.empty();
}

void ReferenceFetcher::stop() {
  state_->stopped = true;
  state_->queue.clear();
}

}  // namespace weir::watch
