// Output of commands whose output is their result. Not for the daemon, which logs. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace weir::app {

void print(std::string_view text);        // stdout
void print_error(std::string_view text);  // stderr

// The error number of the first print() that the stream did not take, other than for a reader that has read enough; 0:
// none.
int print_failure();

// A value for a Markdown table cell.
std::string markdown_cell(std::string_view text);

}  // namespace weir::app
