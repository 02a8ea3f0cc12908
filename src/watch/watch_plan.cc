#include "watch/watch_plan.h"

#include <algorithm>
#include <utility>

namespace weir::watch {
namespace {

constexpr std::chrono::milliseconds kFirstPause{800};
constexpr std::chrono::milliseconds kLastPause{30000};
constexpr std::chrono::minutes kHealthy{2};
constexpr std::chrono::seconds kShortestWatch{300};
constexpr int kPageSize = 500;
// A watch that ends sooner without a word is a failure: asking again at once would be asking all the time.
constexpr std::chrono::seconds kVeryShort{1};
constexpr int kMaxTold = 10;  // pauses in a row that the server may choose
constexpr std::chrono::minutes kInternalErrorLimit{2};

constexpr int kBadRequest = 400;
constexpr int kGone = 410;
constexpr int kUnprocessable = 422;
constexpr int kTooMany = 429;
constexpr int kServerError = 500;
constexpr int kUnavailable = 503;
constexpr int kGatewayTimeout = 504;

std::chrono::milliseconds part(std::chrono::milliseconds whole, double fraction) {
  return std::chrono::milliseconds(static_cast<long long>(static_cast<double>(whole.count()) * fraction));
}

bool is_expired(int code, const std::string& reason) {
  return code == kGone || reason == "Expired" || reason == "Gone";
}

bool is_too_new(int code, const std::string& reason, const std::string& cause) {
  return cause == "ResourceVersionTooLarge" || (code == kGatewayTimeout && reason == "Timeout");
}

}  // namespace

std::chrono::milliseconds WatchBackoff::next(Clock::time_point now, double fraction) {
  if (now - last_ > kHealthy) current_ = {};
  current_ = current_.count() == 0 ? kFirstPause : std::min(current_ * 2, kLastPause);
  const auto pause = current_ + part(current_, fraction);
  last_ = now + pause;
  return pause;
}

WatchPlan::Request WatchPlan::next(double fraction) const {
  Request request{Step::watch, path_of(resource_, scope_), {}};
  const std::string version = version_unavailable_ ? std::string() : version_;
  if (need_all_ && !watch_list_works_) {
    request.step = Step::list;
    std::string query;
    if (!continue_.empty()) {
      query = "limit=" + std::to_string(kPageSize) + "&continue=" + percent_encoded(continue_);
    } else if (version_unavailable_) {
      // The newest, from the store itself: in pages, so that nobody has to hold all of it. A token that expired meant
      // that paging is too slow here.
      query = paged_ ? "limit=" + std::to_string(kPageSize) : "resourceVersion=";
    } else {
      // From the server's memory, which does not page. 0: whatever it has.
      query = "resourceVersion=" + (version.empty() ? "0" : percent_encoded(version));
    }
    request.path += "?" + query + selectors_of(scope_);
    return request;
  }
  request.length = kShortestWatch + std::chrono::duration_cast<std::chrono::seconds>(part(kShortestWatch, fraction));
  request.path += "?watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(request.length.count());
  if (!version.empty()) request.path += "&resourceVersion=" + percent_encoded(version);
  if (need_all_) {
    request.step = Step::watch_list;
    request.path += "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
  }
  request.path += selectors_of(scope_);
  return request;
}

WatchPlan::Pause WatchPlan::wait(Clock::time_point now, double fraction) {
  ++failures_;
  return backoff_.next(now, fraction);
}

void WatchPlan::relist() {
  need_all_ = true;
  continue_.clear();
  paged_ = true;
}

WatchPlan::Pause WatchPlan::failed(Clock::time_point now, double fraction) {
  return wait(now, fraction);
}

WatchPlan::Pause WatchPlan::garbled(Clock::time_point now, double fraction) {
  relist();
  return wait(now, fraction);
}

WatchPlan::Pause WatchPlan::refused(int code, const std::string& reason, const std::string& cause,
                                    std::chrono::seconds retry_after, bool in_watch, Clock::time_point now,
                                    double fraction) {
  const bool expired = is_expired(code, reason);
  if (need_all_) {
    if (watch_list_works_ && !in_watch && (code == kBadRequest || code == kUnprocessable)) {
      watch_list_works_ = false;  // a server from before WatchList, or with it turned off
      return Pause(0);
    }
    if (expired && !continue_.empty()) {
      continue_.clear();
      paged_ = false;
      version_unavailable_ = true;
      return Pause(0);
    }
    const bool lost = expired || is_too_new(code, reason, cause);
    if (lost && !version_unavailable_ && !version_.empty()) {
      version_unavailable_ = true;
      return Pause(0);
    }
  } else if (expired) {
    relist();  // once: the list names the last version, and only its own refusal leads to the newest
    return Pause(0);
  }
  if (in_watch && !need_all_ && code == kServerError) {
    if (!std::exchange(internal_errors_, true)) internal_errors_since_ = now;
    if (now - internal_errors_since_ > kInternalErrorLimit) {
      internal_errors_ = false;
      relist();
    }
  }
  const Pause own = wait(now, fraction);
  const bool may_choose = retry_after.count() > 0 && (code == kTooMany || code >= kServerError);
  if (!may_choose) {
    told_to_wait_ = 0;
    return own;
  }
  if (++told_to_wait_ > kMaxTold) return std::max<Pause>(own, retry_after);
  return retry_after;
}

WatchPlan::Pause WatchPlan::unending(Clock::time_point now, double fraction) {
  watch_list_works_ = false;
  return wait(now, fraction);
}

WatchPlan::Pause WatchPlan::ended(std::chrono::milliseconds lasted, std::size_t events, Clock::time_point now,
                                  double fraction) {
  if (need_all_) return wait(now, fraction);  // before everything was sent
  if (events == 0 && lasted < kVeryShort) return wait(now, fraction);
  return Pause(0);
}

bool WatchPlan::page(const std::string& resource_version, const std::string& continue_token) {
  failures_ = told_to_wait_ = 0;
  continue_ = continue_token;
  if (!continue_.empty()) return false;
  all_sent(resource_version);
  return true;
}

void WatchPlan::all_sent(const std::string& resource_version) {
  failures_ = told_to_wait_ = 0;
  need_all_ = version_unavailable_ = internal_errors_ = false;
  paged_ = true;
  continue_.clear();
  version_ = resource_version;
}

void WatchPlan::seen(const std::string& resource_version) {
  failures_ = told_to_wait_ = 0;
  internal_errors_ = false;
  if (!resource_version.empty()) version_ = resource_version;
}

}  // namespace weir::watch
