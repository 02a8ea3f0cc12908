#include "tls/session_store.h"

#include <gtest/gtest.h>

namespace weir::tls {
namespace {

std::string id_number(unsigned number) {
  std::string id(32, '\0');
  for (std::size_t i = 0; i < 8; ++i) id[i] = static_cast<char>(number >> (i % 4 * 8));
  id[8] = static_cast<char>(number);
  return id;
}

TEST(SessionStore, GivesBackWhatWasStored) {
  SessionStore store(100);
  std::string session;

  store.insert(id_number(1), "one");

  EXPECT_TRUE(store.find(id_number(1), session));
  EXPECT_EQ(session, "one");
  EXPECT_FALSE(store.find(id_number(2), session));
}

TEST(SessionStore, ErasedSessionIsGone) {
  SessionStore store(100);
  std::string session;
  store.insert(id_number(1), "one");

  store.erase(id_number(1));
  store.erase(id_number(2));

  EXPECT_FALSE(store.find(id_number(1), session));
}

TEST(SessionStore, OldestSessionsMakeRoom) {
  SessionStore store(160);
  std::string session;

  for (unsigned i = 0; i < 10'000; ++i) store.insert(id_number(i), "x");

  EXPECT_EQ(store.size(), 160u);
  EXPECT_TRUE(store.find(id_number(9'999), session));
  EXPECT_FALSE(store.find(id_number(0), session));
}

TEST(SessionStore, ShortIdsAreDistinctFromPaddedOnes) {
  SessionStore store(100);
  std::string session;

  store.insert("", "empty");
  store.insert(std::string(1, '\0'), "one zero");

  EXPECT_TRUE(store.find("", session));
  EXPECT_EQ(session, "empty");
}

}  // namespace
}  // namespace weir::tls
