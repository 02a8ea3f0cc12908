// Step 6 of life-of-a-request: the body of an answer made by Weir itself.
#include "proxy/pages.h"

#include "weir/http/h1_writer.h"

#include <array>

namespace weir::proxy {
namespace {

constexpr int kFirst = 300;
constexpr int kLast = 599;

std::string render(std::string_view title, std::string_view heading, std::string_view text) {
  std::string page("<html>\r\n<head><title>");
  page.append(title).append("</title></head>\r\n<body>\r\n<center><h1>").append(heading).append("</h1></center>\r\n");
  if (!text.empty()) page.append("<center>").append(text).append("</center>\r\n");
  return page.append("<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
}

std::array<std::string, kLast - kFirst + 1> render_all() {
  std::array<std::string, kLast - kFirst + 1> pages;
  for (int status = kFirst; status <= kLast; ++status) {
    std::string title = std::to_string(status);
    title.append(" ").append(http::page_phrase(status));
    pages[static_cast<std::size_t>(status - kFirst)] = render(title, title, {});
  }
  return pages;
}

}  // namespace

const std::string& page_of(int status) {
  static const std::array<std::string, kLast - kFirst + 1> pages = render_all();
  static const std::string none;
  return status < kFirst || status > kLast ? none : pages[static_cast<std::size_t>(status - kFirst)];
}

const std::string& page_of_plain_on_https() {
  static constexpr std::string_view kText = "The plain HTTP request was sent to HTTPS port";
  static const std::string page = render(std::string("400 ").append(kText), "400 Bad Request", kText);
  return page;
}

}  // namespace weir::proxy
