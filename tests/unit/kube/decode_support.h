// What the tests of this folder share.
#pragma once

#include "weir/kube/decode.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir::kube {

inline Decoded decoded(std::string_view text) {
  auto result = decode(text);
  EXPECT_TRUE(result.has_value()) << result.error().text();
  return result.has_value() ? std::move(result.value()) : Decoded();
}

// The only object of the text; a test failure and an empty object otherwise.
template <class T>
T only(std::string_view text) {
  const Decoded all = decoded(text);
  for (const Problem& problem : all.errors) ADD_FAILURE() << to_string(problem);
  EXPECT_EQ(all.objects.size(), 1u);
  if (all.objects.size() != 1) return {};
  const auto* object = std::get_if<std::shared_ptr<const T>>(&all.objects.front());
  EXPECT_NE(object, nullptr) << "another kind";
  return object != nullptr ? **object : T();
}

inline std::vector<std::string> texts(const std::vector<Problem>& problems) {
  std::vector<std::string> all;
  for (const Problem& problem : problems) all.push_back(to_string(problem));
  return all;
}

// The problem of the only object of the text, as text.
inline std::string error_of(std::string_view text) {
  const Decoded all = decoded(text);
  EXPECT_TRUE(all.objects.empty());
  EXPECT_EQ(all.errors.size(), 1u);
  return all.errors.empty() ? std::string() : to_string(all.errors.front());
}

}  // namespace weir::kube
