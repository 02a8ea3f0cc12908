// Step 10 of life-of-a-request: which responses are compressed, and how they go out.
#include "proxy/compressing_sink.h"

#include "weir/base/ascii.h"
#include "weir/http/accept_encoding.h"

#include <algorithm>
#include <cerrno>

namespace weir::proxy {
namespace {

using http::FieldId;

// What all encoders of a worker may hold; responses beyond it go uncompressed.
constexpr std::uint64_t kMostMemory = 64 * 1024 * 1024;

bool has_type(const features::CodingSettings& settings, std::string_view content_type) {
  const std::string type = base::to_lower(base::trim(content_type.substr(0, content_type.find(';'))));
  if (type.empty()) return false;
  const auto fits = [&type](const std::string& one) { return one == type || one == "*"; };
  return type == "text/html" || std::any_of(settings.types.begin(), settings.types.end(), fits);
}

bool fits(const features::CodingSettings& settings, const http::ResponseHead& head, http::BodyKind body) {
  if (!settings.enabled || !has_type(settings, head.fields.get(FieldId::content_type))) return false;
  return body != http::BodyKind::length || head.content_length >= settings.min_length;
}

// nginx compresses these statuses only.
bool may_be_coded(const http::ResponseHead& head, http::BodyKind body) {
  if (head.status != 200 && head.status != 403 && head.status != 404) return false;
  if (body == http::BodyKind::none || (body == http::BodyKind::length && head.content_length == 0)) return false;
  if (head.fields.find("Content-Encoding") != nullptr || head.fields.find(FieldId::content_range) != nullptr) {
    return false;
  }
  for (const http::Field& field : head.fields.all()) {
    if (base::iequals(head.fields.name(field), "Cache-Control") &&
        http::list_has(head.fields.value(field), "no-transform")) {
      return false;
    }
  }
  return true;
}

bool accepts(const Request& request, std::string_view coding) {
  if (request.head.minor_version == 0) return false;
  for (const http::Field& field : request.head.fields.all()) {
    if (field.id == FieldId::accept_encoding && http::accepts_coding(request.head.fields.value(field), coding)) {
      return true;
    }
  }
  return false;
}

void add_vary(http::ResponseHead& head, Request& request) {
  for (const http::Field& field : head.fields.all()) {
    const std::string_view value = head.fields.value(field);
    if (field.id == FieldId::vary && (http::list_has(value, "Accept-Encoding") || http::list_has(value, "*"))) return;
  }
  request.response.add(FieldId::vary, "Vary", "Accept-Encoding");
}

// The bytes differ from those the tag stands for, and ranges of them cannot be asked for.
void edit_for_coding(http::ResponseHead& head, Coding coding, Request& request) {
  for (http::Field& field : head.fields.all()) {
    const std::string_view name = head.fields.name(field);
    if (base::iequals(name, "Accept-Ranges")) field.dropped = true;
    if (field.dropped || !base::iequals(name, "ETag")) continue;
    const std::string_view tag = head.fields.value(field);
    if (tag.starts_with("W/")) continue;
    field.dropped = true;
    if (tag.starts_with('"')) request.response.set(FieldId::other, "ETag", std::string("W/").append(tag));
  }
  request.response.set(FieldId::other, "Content-Encoding", name_of(coding));
}

}  // namespace

std::optional<Coding> choose_coding(Worker& worker, http::ResponseHead& head, http::BodyKind body, Request& request) {
  const features::CompressionSettings& settings = request.settings().compression;
  if (!may_be_coded(head, body)) return std::nullopt;
  const bool brotli = fits(settings.brotli, head, body);
  const bool gzip = fits(settings.gzip, head, body);
  if (!brotli && !gzip) return std::nullopt;
  add_vary(head, request);
  if (request.head.method == http::Method::head || worker.compression_memory() > kMostMemory) return std::nullopt;
  std::optional<Coding> coding;
  if (brotli && accepts(request, "br")) {
    coding = Coding::brotli;
  } else if (gzip && accepts(request, "gzip") && !worker.gzip_is_disabled(request)) {
    coding = Coding::gzip;
  }
  if (coding) edit_for_coding(head, *coding, request);
  return coding;
}

net::Task<int> CompressingSink::start(const ResponseStart& start, std::string_view body, bool last) {
  ResponseStart coded = start;
  coded.body = http::BodyKind::chunked;
  coded.length_told = false;
  out_.clear();
  if ((last || !body.empty()) &&
      !encoder_->feed(body, last ? ContentEncoder::End::finish : ContentEncoder::End::flush, out_)) {
    co_return -ENOMEM;
  }
  co_return co_await next_.start(coded, out_, last);
}

net::Task<int> CompressingSink::data(std::string_view body, bool last) {
  if (body.empty() && !last) co_return 1;
  out_.clear();
  if (!encoder_->feed(body, last ? ContentEncoder::End::finish : ContentEncoder::End::flush, out_)) co_return -ENOMEM;
  co_return co_await next_.data(out_, last);
}

net::Task<int> CompressingSink::trailers(const http::Fields& fields) {
  out_.clear();
  if (!encoder_->feed({}, ContentEncoder::End::finish, out_)) co_return -ENOMEM;
  const int sent = co_await next_.data(out_, false);
  if (sent < 0) co_return sent;
  co_return co_await next_.trailers(fields);
}

}  // namespace weir::proxy
