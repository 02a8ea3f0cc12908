// One JSON document found in a manifest file, with what is needed to point an author at the right line.
#pragma once

#include <string>
#include <vector>

namespace weir::watch {

struct JsonDocument {
  std::string json;             // empty when `error` is set
  int line = 1;                 // where the document starts; with an error: where reading stopped (1-based)
  std::vector<int> item_lines;  // where each element of the top-level list "items" starts
  std::string error;            // why this document is unreadable; the other documents of the file are not affected
  bool lines_match = false;     // line n of `json` is line `line + n - 1` of the file (JSON files only)
};

}  // namespace weir::watch
