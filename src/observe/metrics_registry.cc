#include "weir/observe/metrics_registry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

namespace weir::observe {

const char* to_string(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "untyped";
}

void append_label_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '\\':
        out.append("\\\\");
        break;
      case '"':
        out.append("\\\"");
        break;
      case '\n':
        out.append("\\n");
        break;
      default:
        out.push_back(c);
    }
  }
}

std::string render_labels(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out.push_back(',');
    out.append(name).append("=\"");
    append_label_value(out, value);
    out.push_back('"');
  }
  return out;
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out.append("NaN");
    return;
  }
  if (std::isinf(value)) {
    out.append(value > 0 ? "+Inf" : "-Inf");
    return;
  }
  char text[32];
  // Whole numbers without an exponent, as far as they are exact.
  const bool whole = std::abs(value) < 1e15 && value == std::floor(value);
  const auto end = whole ? std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(value)).ptr
                         : std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void append_family(std::string& out, std::string_view name, std::string_view help, MetricType type) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ");
  out.append(to_string(type)).append("\n");
}

void append_sample(std::string& out, std::string_view name, std::string_view labels, double value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.push_back(' ');
  append_number(out, value);
  out.push_back('\n');
}

void MetricsRegistry::set(std::string_view name, const Labels& labels, double value) {
  std::string rendered = render_labels(labels);
  std::lock_guard lock(mutex_);
  series_[std::string(name)][std::move(rendered)] = value;
}

void MetricsRegistry::add(std::string_view name, const Labels& labels, double value) {
  std::string rendered = render_labels(labels);
  std::lock_guard lock(mutex_);
  series_[std::string(name)][std::move(rendered)] += value;
}

void MetricsRegistry::observe(std::string_view name, const std::vector<double>& bounds, double value) {
  std::lock_guard lock(mutex_);
  Histogram& histogram = histograms_[std::string(name)];
  if (histogram.counts.empty()) {
    histogram.bounds = bounds;
    histogram.counts.resize(bounds.size() + 1);
  }
  const auto bucket = std::lower_bound(histogram.bounds.begin(), histogram.bounds.end(), value);
  ++histogram.counts[static_cast<std::size_t>(bucket - histogram.bounds.begin())];
  histogram.sum += value;
}

void MetricsRegistry::replace(std::string_view name, const std::vector<std::pair<Labels, double>>& series) {
  std::map<std::string, double> rendered;
  for (const auto& [labels, value] : series) rendered[render_labels(labels)] = value;
  std::lock_guard lock(mutex_);
  series_[std::string(name)] = std::move(rendered);
}

void MetricsRegistry::set_moment(std::string_view name, const Labels& labels, double moment) {
  std::string rendered = render_labels(labels);
  std::lock_guard lock(mutex_);
  moments_[std::string(name)][std::move(rendered)] = moment;
}

void MetricsRegistry::remove(std::string_view name, const Labels& labels) {
  const std::string rendered = render_labels(labels);
  std::lock_guard lock(mutex_);
  for (auto* families : {&series_, &moments_}) {
    const auto family = families->find(name);
    if (family != families->end()) family->second.erase(rendered);
  }
}

void MetricsRegistry::add_collector(std::function<void(std::string&)> collector) {
  std::lock_guard lock(mutex_);
  collectors_.push_back(std::move(collector));
}

std::string MetricsRegistry::scrape() {
  std::string out;
  std::vector<std::function<void(std::string&)>> collectors;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, series] : series_) {
      if (series.empty()) continue;
      const MetricDoc* doc = find_metric_doc(name);
      append_family(out, name, doc ? doc->help : "", doc ? doc->type : MetricType::gauge);
      for (const auto& [labels, value] : series) append_sample(out, name, labels, value);
    }
    const auto now = static_cast<double>(std::time(nullptr));
    for (const auto& [name, moments] : moments_) {
      if (moments.empty()) continue;
      const MetricDoc* doc = find_metric_doc(name);
      append_family(out, name, doc ? doc->help : "", MetricType::gauge);
      for (const auto& [labels, moment] : moments) append_sample(out, name, labels, moment - now);
    }
    for (const auto& [name, histogram] : histograms_) {
      const MetricDoc* doc = find_metric_doc(name);
      append_family(out, name, doc ? doc->help : "", MetricType::histogram);
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        total += histogram.counts[i];
        std::string labels = "le=\"";
        append_number(labels, i < histogram.bounds.size() ? histogram.bounds[i] : INFINITY);
        append_sample(out, name + "_bucket", labels + "\"", static_cast<double>(total));
      }
      append_sample(out, name + "_sum", "", histogram.sum);
      append_sample(out, name + "_count", "", static_cast<double>(total));
    }
    collectors = collectors_;
  }
  for (const auto& collector : collectors) collector(out);
  return out;
}

}  // namespace weir::observe
