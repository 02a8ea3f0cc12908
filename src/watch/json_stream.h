// JSON text with one or several documents, one after the other -> the documents and their lines. Only finds where
// they end; whether each is JSON, the decoder says. Pure.
#pragma once

#include "watch/json_document.h"

#include <string_view>
#include <vector>

namespace weir::watch {

std::vector<JsonDocument> split_json(std::string_view text);

}  // namespace weir::watch
