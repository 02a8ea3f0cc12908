#include "weir/base/diagnostic_book.h"

#include <utility>

namespace weir::base {

void DiagnosticBook::touch(Messages::iterator message) {
  if (std::exchange(message->second.touched, true)) return;
  touched_.push_back(message);
}

void DiagnosticBook::add(Messages::iterator message) {
  if (message->second.topics++ != 0) return;
  ++counts_[static_cast<std::size_t>(message->first.severity)];
  touch(message);
}

void DiagnosticBook::remove(Messages::iterator message) {
  if (--message->second.topics != 0) return;
  --counts_[static_cast<std::size_t>(message->first.severity)];
  touch(message);
}

void DiagnosticBook::set(const std::string& topic, const Diagnostics& said) {
  const auto known = topics_.find(topic);
  if (known == topics_.end() && said.empty()) return;
  std::vector<Messages::iterator> now;
  now.reserve(said.size());
  for (const Diagnostic& diagnostic : said) {
    now.push_back(messages_.try_emplace(diagnostic).first);
    add(now.back());
  }
  if (known == topics_.end()) {
    topics_.emplace(topic, std::move(now));
    return;
  }
  for (const auto& message : known->second) remove(message);
  if (now.empty()) {
    topics_.erase(known);
  } else {
    known->second = std::move(now);
  }
}

void DiagnosticBook::clear(std::string_view prefix) {
  for (auto it = topics_.begin(); it != topics_.end();) {
    if (!it->first.starts_with(prefix)) {
      ++it;
      continue;
    }
    for (const auto& message : it->second) remove(message);
    it = topics_.erase(it);
  }
}

Diagnostics DiagnosticBook::take_new() {
  Diagnostics fresh;
  for (const auto& message : std::exchange(touched_, {})) {
    State& state = message->second;
    state.touched = false;
    if (state.topics == 0) {
      if (state.told) ++revision_;
      messages_.erase(message);
    } else if (!std::exchange(state.told, true)) {
      ++revision_;
      fresh.push_back(message->first);
    }
  }
  return fresh;
}

Diagnostics DiagnosticBook::all() const {
  Diagnostics all;
  for (const auto& [diagnostic, state] : messages_) {
    if (state.topics != 0) all.push_back(diagnostic);
  }
  return all;
}

}  // namespace weir::base
