#include "weir/net/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace weir::net {
namespace {

TEST(BufferPool, BuffersAreAlignedAndWholeAndCounted) {
  BufferPool pool;

  char* small = pool.take(BufferPool::kSmall);
  char* large = pool.take(BufferPool::kLarge);
  std::memset(small, 1, BufferPool::kSmall);
  std::memset(large, 2, BufferPool::kLarge);

  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large) % 64, 0u);
  EXPECT_EQ(pool.in_use(), 2u);
  pool.give(small, BufferPool::kSmall);
  pool.give(large, BufferPool::kLarge);
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(BufferPool, TrimKeepsThePoolUsable) {
  BufferPool pool;
  char* buffers[10];
  for (char*& buffer : buffers) buffer = pool.take(BufferPool::kSmall);
  for (char* buffer : buffers) pool.give(buffer, BufferPool::kSmall);

  for (int i = 0; i < 10; ++i) pool.trim();

  char* again = pool.take(BufferPool::kSmall);
  std::memset(again, 3, BufferPool::kSmall);
  pool.give(again, BufferPool::kSmall);
  EXPECT_EQ(pool.in_use(), 0u);
}

}  // namespace
}  // namespace weir::net
