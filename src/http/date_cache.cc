#include "weir/http/h1_writer.h"

#include <chrono>
#include <cstring>

namespace weir::http {
namespace {

void put_two(char* at, unsigned number) {
  at[0] = static_cast<char>('0' + number / 10 % 10);
  at[1] = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string_view DateCache::at(std::int64_t unix_seconds) {
  if (unix_seconds == now_) return {text_.data(), text_.size()};
  now_ = unix_seconds;
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const std::chrono::sys_days day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto in_day = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  // IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT"
  std::memcpy(text_.data(), "Sun, 06 Nov 1994 08:49:37 GMT", text_.size());
  std::memcpy(text_.data(), &"SunMonTueWedThuFriSat"[std::chrono::weekday(day).c_encoding() * 3], 3);
  put_two(&text_[5], static_cast<unsigned>(date.day()));
  std::memcpy(&text_[8], &"JanFebMarAprMayJunJulAugSepOctNovDec"[(static_cast<unsigned>(date.month()) - 1) * 3], 3);
  put_two(&text_[12], year / 100);
  put_two(&text_[14], year);
  put_two(&text_[17], in_day / 3600);
  put_two(&text_[20], in_day / 60 % 60);
  put_two(&text_[23], in_day % 60);
  return {text_.data(), text_.size()};
}

}  // namespace weir::http
