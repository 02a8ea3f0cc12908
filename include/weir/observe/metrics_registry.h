// MetricsRegistry: all that /metrics answers (text/plain; version=0.0.4). Cold metrics are set here by name; hot ones
// are kept by their owners and written by collectors. Own writer: prometheus-cpp is ten times slower on large outputs.
//
// Thread rule: every function from any thread (one lock; never used by a worker per request). Names of families are
// written with # HELP and # TYPE; families and series in sorted order, so that equal states give equal text.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::observe {

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricType : std::uint8_t { counter, gauge, histogram };
const char* to_string(MetricType type);

// Label names and values in the order to be written. Values are escaped by the writer.
using Labels = std::vector<std::pair<std::string, std::string>>;

// Text pieces of the exposition format.
void append_label_value(std::string& out, std::string_view value);  // \\ \" \n
std::string render_labels(const Labels& labels);                    // a="x",b="y"
void append_number(std::string& out, double value);                 // shortest form that reads back; +Inf, NaN
void append_family(std::string& out, std::string_view name, std::string_view help, MetricType type);
// name{labels} value
void append_sample(std::string& out, std::string_view name, std::string_view labels, double value);

// One line of docs/metrics.md.
struct MetricDoc {
  std::string_view name;  // full
  MetricType type = MetricType::gauge;
  std::string_view labels;  // "namespace ingress"; the constant ones are not named
  std::string_view help;
  bool needs_enable_metrics = false;
};
// Every family Weir can write, sorted by name: documentation, HELP texts and TYPEs come from here.
const std::vector<MetricDoc>& metric_docs();
const MetricDoc* find_metric_doc(std::string_view name);

class MetricsRegistry {
 public:
  // REQUIRES: `name` is in metric_docs().
  void set(std::string_view name, const Labels& labels, double value);
  void add(std::string_view name, const Labels& labels, double value = 1);
  // One value into a histogram with the given upper bounds (the same at every call of a name).
  void observe(std::string_view name, const std::vector<double>& bounds, double value);
  // Replaces all series of a family.
  void replace(std::string_view name, const std::vector<std::pair<Labels, double>>& series);
  // The same as set() for a moment in seconds since 1970: a scrape shows the seconds until then, negative afterwards.
  void set_moment(std::string_view name, const Labels& labels, double moment);
  // One series of set(), add() or set_moment() ends.
  void remove(std::string_view name, const Labels& labels);

  // Writes its own families at each scrape, after the set ones. Must not call back into the registry.
  void add_collector(std::function<void(std::string& out)> collector);

  std::string scrape();

 private:
  struct Histogram {
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;  // not cumulative; one more than bounds
    double sum = 0;
  };

  std::mutex mutex_;
  std::map<std::string, std::map<std::string, double>, std::less<>> series_;  // name -> rendered labels -> value
  std::map<std::string, std::map<std::string, double>, std::less<>> moments_;
  std::map<std::string, Histogram, std::less<>> histograms_;
  std::vector<std::function<void(std::string&)>> collectors_;
};

}  // namespace weir::observe
