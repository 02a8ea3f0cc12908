// What a value may look like: the validators of the original (spec 0.2), each with the text the docs print for it.
//
// A check sees the value as written, before any trimming, and is never asked about an empty value. "Blanks removed"
// means that blanks are deleted for the check only. Every class refuses CR and LF, because no class contains them.
// Pure; any thread.
#pragma once

#include "weir/features/annotation_table.h"

#include <string>
#include <string_view>
#include <vector>

namespace weir::features {

struct Syntax {
  std::string_view text;  // for docs/annotations.md
  Validate check;
  bool typed = false;  // a bool or a number: not usable otherwise, also with validation switched off
};

namespace syntax {

enum class Blanks { kept, removed };

Syntax anything();                     // snippets: nothing is checked
Syntax boolean();                      // spec 0.2: 1 t T TRUE true True 0 f F FALSE false False
Syntax integer();                      // optional sign and decimal digits
Syntax digits(std::string_view text);  // an unsigned number of any length
Syntax size();                         // C-size, blanks removed
Syntax basic();                        // C-basic, blanks removed
Syntax basic_with_blanks();            // C-basic+sp
Syntax extended();                     // C-ext
Syntax url(Blanks blanks);             // C-url
Syntax url_with_variables();           // C-urlvar
Syntax variables();                    // C-var, blanks removed
Syntax capture(Blanks blanks);         // C-capture
Syntax header_names();                 // C-headers
Syntax regex(Blanks blanks);           // C-regex. removed: only around the value, as the original does for host names
Syntax host_list();                    // comma list, each item C-regex after trimming
Syntax cidr_list();                    // comma list of addresses and CIDRs; no empty item
Syntax service_name();                 // DNS-1035 label
// Letters, digits and the characters of `extra`, blanks removed. `text` is for the docs.
Syntax characters(std::string_view text, std::string_view extra);

// One of `options`, white space around it ignored.
enum class Case { sensitive, ignored };
Syntax one_of(std::string_view text, std::vector<std::string_view> options, Case letters = Case::sensitive);
// One of `options` by the original's anchored expression: blanks anywhere are ignored, CR and LF are not.
Syntax word(std::string_view text, std::vector<std::string_view> options);
// Contains one of `options` anywhere (the original's expression is not anchored).
Syntax containing(std::string_view text, std::vector<std::string_view> options);

}  // namespace syntax

// It compiles as a regular expression of PCRE2.
bool is_expression(std::string_view value);

// Trims every line of the value, then the whole (spec 0.2).
std::string trim_lines(std::string_view value);

}  // namespace weir::features
