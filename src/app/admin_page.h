// The page of --admin-page: src/app/page/index.html as it was built in. It reads the JSON API of inspection.h.
#pragma once

#include <string>

namespace weir::app {

const std::string& admin_page();

}  // namespace weir::app
