// The reasons for refusing a message, inside this module. The public list is rejections() in h1_parser.h.
#pragma once

#include "weir/http/h1_parser.h"

#include <cstdint>

namespace weir::http {

enum class Reject : std::uint8_t {
  empty_lines,
  method,
  request_line,
  request_line_too_long,
  target_character,
  target_fragment,
  target_form,
  target_authority,
  target_path,
  version,
  version_unsupported,
  connect,
  status_line,
  bare_cr,
  bare_lf,
  nul,
  obs_fold,
  field_name,
  field_name_blank,
  field_value,
  field_line_too_long,
  too_many_fields,
  head_too_large,
  host_missing,
  host_several,
  host_invalid,
  content_length_invalid,
  content_length_several,
  te_invalid,
  te_several,
  te_unknown,
  te_http10,
  te_and_cl,
  field_repeated,
  connection_too_long,
  expect,
  chunk_size,
  chunk_too_large,
  chunk_extension,
  chunk_extensions_too_long,
  chunk_end,
  trailer,
  trailers_too_long,
  pseudo_field,
  authority_differs,
  field_name_case,
  connection_field,
  length_without_body,
  count
};

const Rejection& rejection(Reject reject);

inline ParseResult refuse(Reject reject) {
  const Rejection& row = rejection(reject);
  return {ParseStatus::bad, row.status, row.code};
}

}  // namespace weir::http
