// Result<T>: a value or an Error, for operations that are expected to fail at times.
//
// Thread rule: plain values. Lifetime: owned. Errors: `Error::text` is written for an operator: what was attempted, on
// what, what was found, what to change; lower case, no full stop.
//
// `Error` cannot be constructed from a string alone, not even explicitly: that would make Result<std::string>
// ambiguous. Write fail("...") instead. It is default-constructible and has throw_exception_from_error, both of which
// boost::system::result 1.81 asks for.
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace weir::base {

class [[nodiscard]] Error {
 public:
  Error() = default;
  Error(std::string text, int code) : text_(std::move(text)), code_(code) {}

  const std::string& text() const { return text_; }
  int code() const { return code_; }  // errno or HTTP status where one applies, else 0

  friend bool operator==(const Error&, const Error&) = default;

 private:
  std::string text_;
  int code_ = 0;
};

// Found by argument-dependent lookup when value() is called on a failed result: a broken invariant of the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("value() of a failed result: " + error.text());
}

// `return fail("open /x: no such file");` in a function that returns a Result.
inline Error fail(std::string text, int code = 0) {
  return Error(std::move(text), code);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace weir::base
