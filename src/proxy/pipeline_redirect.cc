// Step 9 of life-of-a-request: X-Accel-Redirect of an endpoint (spec 3.6). Its response is dropped, and the request
// goes on at another path of its host, through all that stands in front of that one.
#include "proxy/internal_redirect.h"
#include "proxy/request_pipeline.h"
#include "proxy/response_head.h"

#include "weir/http/normalize.h"

#include <utility>

namespace weir::proxy {

// REQUIRES: the response is not replaced by an error page.
bool RequestPipeline::note_redirect(http::ResponseHead& head) {
  const http::Field* field = head.fields.find(http::FieldId::x_accel_redirect);
  if (field == nullptr) return false;
  request_.redirect_to = head.fields.value(*field);
  request_.redirects_now = true;
  // What is kept of this response is as its own location sends it.
  request_.upstream_fields = &head.fields;
  run_response_filters(head.status);
  request_.upstream_fields = nullptr;
  request_.response.clear();
  drop_hidden_fields(head.fields, request_);
  if (!request_.error_page) add_session_cookie();
  carry_fields(request_);
  request_.response.clear();
  return true;
}

// false: the answer is made.
bool RequestPipeline::count_redirect() {
  if (++request_.redirects <= kMostRedirects) return true;
  request_.errors_replaced = true;  // an error page would be one more
  request_.reply(500, "redirect-cycle");
  return false;
}

// false: the answer is made; the request is still the one that was redirected.
bool RequestPipeline::follow_redirect() {
  request_.redirects_now = false;
  const std::string said = std::move(request_.redirect_to);
  if (said.starts_with('@')) {  // a named location: there are none
    request_.reply(500, "accel-redirect-invalid");
    return false;
  }
  std::string path;
  std::string query;
  if (!read_redirect(said, path, query)) {
    request_.reply(404, "accel-redirect-invalid");
    return false;
  }
  if (!count_redirect()) return false;

  request_.path = std::move(path);
  request_.redirect_query = std::move(query);
  request_.redirected = true;
  request_.target.clear();
  http::escape_path(request_.path, request_.target);
  request_.target += request_.redirect_query;

  // Another request from here on: GET or HEAD without a body. What is left of the client's cannot be told from what
  // comes behind it.
  http::RequestHead& head = request_.head;
  if (!request_.body.complete()) request_.keep_alive = false;
  request_.body.drop();
  head.body = http::BodyKind::none;
  head.content_length = 0;
  if (head.method != http::Method::head) {
    head.method = http::Method::get;
    head.redirected_method = "GET";
  }
  head.fields.bring_back();
  request_.leave_location();
  return true;
}

}  // namespace weir::proxy
