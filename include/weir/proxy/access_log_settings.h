// What the settings say of the access logs, for the proxy and for those that check settings without one. Pure.
#pragma once

#include "weir/features/settings.h"
#include "weir/observe/access_log.h"

namespace weir::proxy {

observe::AccessLogSettings access_log_settings(const features::Settings& settings);

}  // namespace weir::proxy
