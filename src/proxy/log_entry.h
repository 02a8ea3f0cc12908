// LogEntry: a request as the access log and configured texts see it, as far as it has got. Views into the request:
// valid while it is not changed. One worker.
#pragma once

#include "proxy/request.h"
#include "weir/observe/access_log.h"

#include <cstdint>
#include <string>

namespace weir::proxy {

// A head as the log's variables want it.
class FieldsView final : public observe::FieldList {
 public:
  explicit FieldsView(const http::Fields& fields) : fields_(fields) {}
  std::size_t size() const override { return fields_.all().size(); }
  View at(std::size_t i) const override {
    const http::Field& field = fields_.all()[i];
    return {fields_.name(field), fields_.value(field)};
  }

 private:
  const http::Fields& fields_;
};

// A response head as it went out, or what filters have set while none has.
class SentFields final : public observe::FieldList {
 public:
  explicit SentFields(const Request& request);
  std::size_t size() const override { return size_; }
  // Costs nothing in ascending order.
  View at(std::size_t i) const override;

 private:
  const std::string_view head_;
  const http::Fields& added_;
  std::size_t size_ = 0;
  mutable std::size_t next_ = 0;  // the line at next_at_
  mutable std::size_t next_at_ = 0;
};

// The first block of an entry: all that the default layout needs.
void describe_for_default_layout(const Request& request, std::int64_t took_us, observe::AccessLogEntry& entry);

struct LogEntry {
  LogEntry(const Request& request, std::int64_t took_us);
  LogEntry(const LogEntry&) = delete;
  LogEntry& operator=(const LogEntry&) = delete;

  observe::AccessLogEntry entry;

 private:
  FieldsView request_fields_;
  SentFields response_fields_;
  FieldsView upstream_fields_;
  std::string proxied_text_;
  std::string proxied_to_text_;
};

}  // namespace weir::proxy
