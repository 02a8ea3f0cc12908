// `weir check`: the judgement behind its exit status and its output, as values.
#pragma once

#include "load_model.h"

#include <string>

namespace weir::app {

struct CheckOptions {
  bool json = false;
  bool strict = false;
};

// 0: fine, 1: an error (with `strict` a warning too), 2: input that could not be read.
int check_status(const LoadedModel& loaded, const CheckOptions& options);
std::string check_output(const LoadedModel& loaded, const CheckOptions& options);

}  // namespace weir::app
