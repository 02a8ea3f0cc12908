#include "weir/observe/request_metrics.h"

#include "weir/observe/metrics_registry.h"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <unordered_map>

namespace weir::observe {

namespace {

constexpr std::string_view kPrefix = "nginx_ingress_controller_";
constexpr std::array<std::string_view, 16> kUsualMethods{
    "GET",     "POST",     "HEAD",      "PUT",   "DELETE", "OPTIONS", "PATCH", "TRACE",
    "CONNECT", "PROPFIND", "PROPPATCH", "MKCOL", "COPY",   "MOVE",    "LOCK",  "UNLOCK"};

// What distinguishes a series. Labels that follow from the location are not compared.
struct Identity {
  std::uint32_t location = 0;
  int status = 0;
  std::string_view method;
  std::string_view host;
  std::string_view canary;

  bool operator==(const Identity&) const = default;
};

std::size_t hash_of(const Identity& id) {
  const std::hash<std::string_view> text;
  std::size_t h = (static_cast<std::size_t>(id.location) << 16) ^ static_cast<std::size_t>(id.status);
  h = (h ^ (h >> 31)) * 0x9E3779B97F4A7C15ull;
  h ^= text(id.method) * 3;
  h ^= text(id.host) * 5;
  if (!id.canary.empty()) h ^= text(id.canary) * 7;
  return (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9ull;
}

constexpr std::size_t kCellsPerLine = 8;
struct alignas(64) CellLine {
  std::array<std::atomic<std::uint64_t>, kCellsPerLine> cells{};
};

// One series of one worker: all its families together. Linked into the worker's list for the scrape. One block of
// memory: the object, its cells, and the texts that the worker compares, so that all of it can be asked for at once.
struct alignas(64) Series {
  static Series* make(const Identity& id, std::size_t cells) {
    const std::size_t lines = (cells + kCellsPerLine - 1) / kCellsPerLine;
    const std::size_t texts = id.method.size() + id.host.size() + id.canary.size();
    void* const block = ::operator new(sizeof(Series) + lines * sizeof(CellLine) + texts, kAlignment);
    return new (block) Series(id, lines);
  }
  static void operator delete(void* block) { ::operator delete(block, kAlignment); }

  std::atomic<std::uint64_t>& cell(std::size_t i) { return lines()[i / kCellsPerLine].cells[i % kCellsPerLine]; }
  const std::atomic<std::uint64_t>& cell(std::size_t i) const {
    return lines()[i / kCellsPerLine].cells[i % kCellsPerLine];
  }
  // The lines that most requests use: low buckets of times, high ones of sizes, and the texts behind them.
  void prefetch(std::size_t cells) const {
    const char* const first = reinterpret_cast<const char*>(lines());
    const char* const last = first + cells * sizeof(std::uint64_t);
    __builtin_prefetch(this);
    for (int line = 0; line < 4; ++line) __builtin_prefetch(first + line * 64);
    for (int line = -1; line < 2; ++line) __builtin_prefetch(last + line * 64);
  }

  Identity id;                        // compared by the worker; its texts are in this block
  std::atomic<bool> dead{false};      // set by the reader side: the Ingress is gone
  std::atomic<bool> released{false};  // set by the worker: it holds no reference any more
  std::atomic<Series*> next{nullptr};
  std::string ns, ingress;
  std::string labels;  // rendered, constant labels too

 private:
  static constexpr std::align_val_t kAlignment{64};

  Series(const Identity& given, std::size_t line_count) : id(given) {
    std::uninitialized_value_construct_n(lines(), line_count);
    char* text = reinterpret_cast<char*>(lines() + line_count);
    for (std::string_view* one : {&id.method, &id.host, &id.canary}) {
      const std::size_t size = one->copy(text, one->size());
      *one = {text, size};
      text += size;
    }
  }
  CellLine* lines() { return reinterpret_cast<CellLine*>(this + 1); }
  const CellLine* lines() const { return reinterpret_cast<const CellLine*>(this + 1); }
};
static_assert(std::is_trivially_destructible_v<CellLine>);

struct SeriesHash {
  using is_transparent = void;
  std::size_t operator()(const Series* s) const { return hash_of(s->id); }
  std::size_t operator()(const Identity& id) const { return hash_of(id); }
};

struct SeriesEqual {
  using is_transparent = void;
  bool operator()(const Series* a, const Series* b) const { return a == b || a->id == b->id; }
  bool operator()(const Identity& id, const Series* s) const { return id == s->id; }
  bool operator()(const Series* s, const Identity& id) const { return id == s->id; }
};

// Plain load and store: the worker is the only writer.
void bump(std::atomic<std::uint64_t>& cell, std::uint64_t n) {
  cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

enum class Unit { seconds, bytes };

constexpr std::size_t kMostNewest = 1 << 20;  // locations, 8 MiB

}  // namespace

struct RequestMetrics::Layout {
  struct Histogram {
    std::string name;  // full
    Unit unit = Unit::seconds;
    std::int64_t (*value)(const RequestSample&) = nullptr;  // microseconds or bytes; negative: not observed
    std::vector<std::uint64_t> bounds;                      // same unit as value, inclusive
    std::vector<std::string> bound_texts;                   // as written: "0.005" ... "+Inf"
  };
  bool count_requests = true;
  std::vector<Histogram> histograms;

  // Cells of a series, so that one request touches few cache lines of many series: the number of requests, the sums of
  // all histograms, then the first buckets of all histograms, their second buckets, and so on.
  std::size_t sum_cell(std::size_t histogram) const { return 1 + histogram; }
  std::size_t bucket_cell(std::size_t histogram, std::size_t bucket) const {
    return 1 + histograms.size() * (bucket + 1) + histogram;
  }
  std::size_t cells() const {
    std::size_t buckets = 0;
    for (const Histogram& h : histograms) buckets = std::max(buckets, h.bounds.size() + 1);
    return 1 + histograms.size() * (buckets + 1);
  }
};

namespace {

std::vector<double> usable_bounds(std::vector<double> bounds) {
  std::erase_if(bounds, [](double b) { return !(b >= 0) || std::isinf(b); });
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  return bounds;
}

}  // namespace

struct RequestMetricsShard::State {
  explicit State(RequestMetrics& o) : owner(o) {}
  ~State() {
    for (Series* s = head.load(std::memory_order_relaxed); s != nullptr;) {
      Series* next = s->next.load(std::memory_order_relaxed);
      delete s;
      s = next;
    }
  }

  RequestMetrics& owner;
  // Worker only.
  boost::unordered_flat_set<Series*, SeriesHash, SeriesEqual> index;
  std::vector<Series*> newest;  // by location: the one used last; null: none
  std::vector<std::string> unusual_methods;
  // The worker pushes at the head; the reader side (under owner.mutex_) unlinks behind it.
  std::atomic<Series*> head{nullptr};
  std::atomic<bool> sweep{false};  // some series of this shard became dead

  std::string_view known_method(std::string_view method);
  Series* find(const Identity& id, const RequestSample& sample);
  Series* create(const Identity& id, const RequestSample& sample);
  void drop_dead();
};

std::string_view RequestMetricsShard::State::known_method(std::string_view method) {
  if (std::find(kUsualMethods.begin(), kUsualMethods.end(), method) != kUsualMethods.end()) return method;
  if (std::find(unusual_methods.begin(), unusual_methods.end(), method) != unusual_methods.end()) return method;
  if (unusual_methods.size() >= owner.options_.max_unusual_methods) return "_OTHER";
  unusual_methods.emplace_back(method);
  return method;
}

Series* RequestMetricsShard::State::create(const Identity& id, const RequestSample& sample) {
  if (owner.series_.fetch_add(1, std::memory_order_relaxed) >= owner.options_.max_series) {
    owner.series_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  Series* const s = Series::make(id, owner.layout_->cells());
  s->ns = sample.ns;
  s->ingress = sample.ingress;
  std::string& out = s->labels;
  const auto label = [&out](std::string_view name, std::string_view value) {
    if (!out.empty()) out.push_back(',');
    out.append(name).append("=\"");
    append_label_value(out, value);
    out.push_back('"');
  };
  label("canary", id.canary);
  if (!owner.options_.constant_labels.empty()) out.append(",").append(owner.options_.constant_labels);
  if (owner.options_.per_host) label("host", id.host);
  label("ingress", sample.ingress);
  label("method", id.method);
  label("namespace", sample.ns);
  label("path", sample.path);
  label("service", sample.service);
  label("status", owner.options_.status_classes ? std::to_string(id.status) + "xx" : std::to_string(id.status));
  s->next.store(head.load(std::memory_order_relaxed), std::memory_order_relaxed);
  head.store(s, std::memory_order_release);
  index.insert(s);
  return s;
}

// Most requests for a location end as the one before.
Series* RequestMetricsShard::State::find(const Identity& id, const RequestSample& sample) {
  if (id.location < newest.size() && newest[id.location] != nullptr && newest[id.location]->id == id) {
    return newest[id.location];
  }
  const auto found = index.find(id);
  Series* const series = found != index.end() ? *found : create(id, sample);
  if (series == nullptr || id.location >= kMostNewest) return series;
  if (id.location >= newest.size()) newest.resize(std::max<std::size_t>(id.location + 1, 2 * newest.size()));
  newest[id.location] = series;
  return series;
}

void RequestMetricsShard::State::drop_dead() {
  newest.clear();
  for (auto it = index.begin(); it != index.end();) {
    Series* s = *it;
    if (s->dead.load(std::memory_order_relaxed)) {
      index.erase(it++);
      s->released.store(true, std::memory_order_release);  // from here on the reader side may free it
    } else {
      ++it;
    }
  }
}

RequestMetricsShard::RequestMetricsShard(RequestMetrics& owner) : state_(std::make_unique<State>(owner)) {}

RequestMetricsShard::~RequestMetricsShard() = default;

void RequestMetricsShard::prefetch(std::uint32_t location) const {
  const std::vector<Series*>& newest = state_->newest;
  if (location < newest.size() && newest[location] != nullptr)
    newest[location]->prefetch(state_->owner.layout_->cells());
}

void RequestMetricsShard::observe(const RequestSample& sample) {
  State& state = *state_;
  const RequestMetricsOptions& options = state.owner.options_;
  if (!options.enabled) return;
  if (options.per_host && !sample.host_is_configured && !options.per_undefined_host) return;
  if (state.sweep.load(std::memory_order_relaxed) && state.sweep.exchange(false, std::memory_order_acquire)) {
    state.drop_dead();
  }

  Identity id;
  id.location = sample.location;
  id.status = options.status_classes ? sample.status / 100 : sample.status;
  id.method = state.known_method(sample.method);
  id.host = options.per_host ? sample.host : std::string_view();
  id.canary = sample.canary;
  Series* const series = state.find(id, sample);
  if (series == nullptr) {
    state.owner.dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  bump(series->cell(0), 1);
  const RequestMetrics::Layout& layout = *state.owner.layout_;
  for (std::size_t i = 0; i < layout.histograms.size(); ++i) {
    const auto& histogram = layout.histograms[i];
    const std::int64_t value = histogram.value(sample);
    if (value < 0) continue;
    const auto number = static_cast<std::uint64_t>(value);
    std::size_t bucket = histogram.bounds.size();
    // Sizes mostly lie beyond the last bound, times below the first.
    if (bucket != 0 && number <= histogram.bounds.back()) {
      bucket = 0;
      while (number > histogram.bounds[bucket]) ++bucket;
    }
    bump(series->cell(layout.bucket_cell(i, bucket)), 1);
    bump(series->cell(layout.sum_cell(i)), number);
  }
}

RequestMetrics::RequestMetrics(RequestMetricsOptions options) : options_(std::move(options)) {
  auto layout = std::make_unique<RequestMetrics::Layout>();
  const auto excluded = [this](std::string_view name) {
    return std::any_of(options_.excluded.begin(), options_.excluded.end(), [&](std::string_view e) {
      if (e.starts_with(kPrefix)) e.remove_prefix(kPrefix.size());
      return e == name;
    });
  };
  layout->count_requests = !excluded("requests");
  const auto add = [&](std::string_view name, Unit unit, const std::vector<double>& bounds,
                       std::int64_t (*value)(const RequestSample&)) {
    if (excluded(name)) return;
    RequestMetrics::Layout::Histogram h;
    h.name = std::string(kPrefix) + std::string(name);
    h.unit = unit;
    h.value = value;
    for (const double bound : usable_bounds(bounds)) {
      // The nudge makes up for bounds like 0.005 that no double holds exactly.
      h.bounds.push_back(static_cast<std::uint64_t>(std::floor(unit == Unit::seconds ? bound * 1e6 + 1e-4 : bound)));
      h.bound_texts.emplace_back();
      append_number(h.bound_texts.back(), bound);
    }
    h.bound_texts.emplace_back("+Inf");
    layout->histograms.push_back(std::move(h));
  };
  // In the order of their names, as written by a scrape.
  add("bytes_sent", Unit::bytes, options_.size_buckets,
      [](const RequestSample& s) { return static_cast<std::int64_t>(s.bytes_sent); });
  add("connect_duration_seconds", Unit::seconds, options_.time_buckets,
      [](const RequestSample& s) { return s.connect_time; });
  add("header_duration_seconds", Unit::seconds, options_.time_buckets,
      [](const RequestSample& s) { return s.header_time; });
  add("request_duration_seconds", Unit::seconds, options_.time_buckets,
      [](const RequestSample& s) { return std::max<std::int64_t>(s.request_time, 0); });
  add("request_size", Unit::bytes, options_.length_buckets,
      [](const RequestSample& s) { return static_cast<std::int64_t>(s.request_length); });
  add("response_duration_seconds", Unit::seconds, options_.time_buckets,
      [](const RequestSample& s) { return s.response_time; });
  add("response_size", Unit::bytes, options_.length_buckets,
      [](const RequestSample& s) { return static_cast<std::int64_t>(s.bytes_sent); });
  layout_ = std::move(layout);
}

RequestMetrics::~RequestMetrics() = default;

RequestMetricsShard& RequestMetrics::make_shard() {
  std::lock_guard lock(mutex_);
  shards_.push_back(std::unique_ptr<RequestMetricsShard>(new RequestMetricsShard(*this)));
  return *shards_.back();
}

bool RequestMetrics::is_live(std::string_view ns, std::string_view ingress) const {
  if (any_ingress_is_live_ || (ns.empty() && ingress.empty())) return true;
  const auto at = live_.find(ns);
  return at != live_.end() && at->second.find(ingress) != at->second.end();
}

void RequestMetrics::set_live_ingresses(const std::set<std::pair<std::string, std::string>>& live) {
  LiveMap next;
  for (const auto& [ns, ingress] : live) next[ns].insert(ingress);
  std::lock_guard lock(mutex_);
  if (!any_ingress_is_live_ && next == live_) return;
  live_ = std::move(next);
  any_ingress_is_live_ = false;
  for (const auto& shard : shards_) collect(*shard, nullptr);
}

void RequestMetrics::change_live_ingresses(const IngressNames& come, const IngressNames& gone) {
  std::lock_guard lock(mutex_);
  for (const auto& [ns, ingress] : come) live_[ns].insert(ingress);
  for (const auto& [ns, ingress] : gone) {
    const auto names = live_.find(ns);
    if (names == live_.end()) continue;
    names->second.erase(ingress);
    if (names->second.empty()) live_.erase(names);
  }
  const bool first = std::exchange(any_ingress_is_live_, false);
  if (gone.empty() && !first) return;
  for (const auto& shard : shards_) collect(*shard, nullptr);
}

// Visits the living series, declares the others dead and frees those the worker has let go of. mutex_ is held, so the
// links behind the head are changed by nobody else.
void RequestMetrics::collect(RequestMetricsShard& shard, const std::function<void(const void*)>& visit) {
  auto& state = *shard.state_;
  bool sweep = false;
  Series* before = nullptr;
  for (Series* s = state.head.load(std::memory_order_acquire); s != nullptr;) {
    Series* next = s->next.load(std::memory_order_relaxed);
    if (before && s->released.load(std::memory_order_acquire)) {
      before->next.store(next, std::memory_order_relaxed);
      delete s;
      series_.fetch_sub(1, std::memory_order_relaxed);
      s = next;
      continue;
    }
    if (!s->dead.load(std::memory_order_relaxed) && !is_live(s->ns, s->ingress)) {
      s->dead.store(true, std::memory_order_relaxed);
      sweep = true;
    }
    if (visit && !s->dead.load(std::memory_order_relaxed)) visit(s);
    before = s;
    s = next;
  }
  if (sweep) state.sweep.store(true, std::memory_order_release);
}

void RequestMetrics::write(std::string& out) {
  if (!options_.enabled) return;
  std::lock_guard lock(mutex_);
  // The same series of several workers becomes one.
  std::unordered_map<std::string_view, std::size_t> index;
  std::vector<std::pair<std::string_view, std::vector<const Series*>>> all;
  for (const auto& shard : shards_) {
    collect(*shard, [&](const void* seen) {
      const auto* s = static_cast<const Series*>(seen);
      const auto [at, added] = index.emplace(s->labels, all.size());
      if (added) all.emplace_back(s->labels, std::vector<const Series*>());
      all[at->second].second.push_back(s);
    });
  }
  if (all.empty()) return;
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

  const auto sum = [](const std::vector<const Series*>& parts, std::size_t cell) {
    std::uint64_t total = 0;
    for (const Series* s : parts) total += s->cell(cell).load(std::memory_order_relaxed);
    return total;
  };
  const auto line = [&out](std::string_view name, std::string_view suffix, std::string_view labels, std::string_view le,
                           std::uint64_t value) {
    out.append(name).append(suffix).append("{").append(labels);
    if (!le.empty()) out.append(",le=\"").append(le).append("\"");
    out.append("} ");
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
    out.push_back('\n');
  };
  const auto family = [&out](std::string_view name) {
    const MetricDoc* doc = find_metric_doc(name);
    append_family(out, name, doc ? doc->help : "", doc ? doc->type : MetricType::histogram);
  };
  for (std::size_t at = 0; at < layout_->histograms.size(); ++at) {
    const auto& h = layout_->histograms[at];
    family(h.name);
    for (const auto& [labels, parts] : all) {
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < h.bound_texts.size(); ++i) {
        total += sum(parts, layout_->bucket_cell(at, i));
        line(h.name, "_bucket", labels, h.bound_texts[i], total);
      }
      const std::uint64_t value = sum(parts, layout_->sum_cell(at));
      if (h.unit == Unit::bytes) {
        line(h.name, "_sum", labels, {}, value);
      } else {
        append_sample(out, h.name + "_sum", labels, static_cast<double>(value) / 1e6);
      }
      line(h.name, "_count", labels, {}, total);
    }
  }
  if (!layout_->count_requests) return;
  const std::string requests = std::string(kPrefix) + "requests";
  family(requests);
  for (const auto& [labels, parts] : all) line(requests, {}, labels, {}, sum(parts, 0));
}

}  // namespace weir::observe
