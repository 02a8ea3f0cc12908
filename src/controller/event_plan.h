// Which Events tell the author of an object what is wrong with it (spec 8.4). Pure.
#pragma once

#include "weir/base/diagnostic.h"

#include <map>
#include <string>
#include <utility>

namespace weir::controller {

// Object and reason -> message. Everything that goes by one reason is one message.
using Warnings = std::map<std::pair<base::ObjectRef, std::string>, std::string>;

// Reasons: Rejected (not served, or its last good version), AnnotationParsingFailed (a value that could not be used),
// AnnotationIgnored (unknown, deprecated, not served), CertificateProblem, BackendProblem, RouteProblem,
// SettingProblem, ConfigurationProblem (the rest). Objects of other controllers, infos and objects without a namespace
// get none.
Warnings warnings_of(const base::Diagnostics& diagnostics, const std::string& annotations_prefix);

}  // namespace weir::controller
