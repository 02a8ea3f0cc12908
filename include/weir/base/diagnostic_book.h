// DiagnosticBook: all diagnostics of the moment, kept in topics that are replaced one by one, so that a change costs
// what its topic holds. The same message under several topics counts once. One thread; owns everything.
#pragma once

#include "weir/base/diagnostic.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::base {

class DiagnosticBook {
 public:
  // What is said under `topic` from now on; empty: nothing.
  void set(const std::string& topic, const Diagnostics& said);
  // Forgets all topics that begin with `prefix`.
  void clear(std::string_view prefix);

  // Messages that stand in the book now and did not at the call before.
  Diagnostics take_new();
  // Ordered as values, each once.
  Diagnostics all() const;
  // Another number once take_new() found that a message had come or gone.
  std::uint64_t revision() const { return revision_; }
  // Of all messages, by severity.
  std::size_t count(Severity severity) const { return counts_[static_cast<std::size_t>(severity)]; }

 private:
  struct State {
    std::size_t topics = 0;  // that say it
    bool told = false;       // by take_new()
    bool touched = false;    // stands in touched_
  };
  using Messages = std::map<Diagnostic, State>;

  void add(Messages::iterator message);
  void remove(Messages::iterator message);
  void touch(Messages::iterator message);

  Messages messages_;  // those that nothing says any more stay until take_new()
  std::unordered_map<std::string, std::vector<Messages::iterator>> topics_;
  std::vector<Messages::iterator> touched_;  // may have come or gone since take_new()
  std::array<std::size_t, 3> counts_{};
  std::uint64_t revision_ = 0;
};

}  // namespace weir::base
