// Output of commands whose output is their result. Not for the daemon, which logs. Any thread; a stream that does not
// take the text (closed pipe) is ignored.
#pragma once

#include <string>
#include <string_view>

namespace weir::app {

void print(std::string_view text);        // stdout
void print_error(std::string_view text);  // stderr

// A value for a Markdown table cell.
std::string markdown_cell(std::string_view text);

}  // namespace weir::app
