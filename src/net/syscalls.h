// recv() and send() as plain system calls. The C library's functions are cancellation points, which costs a program
// with threads two atomic operations around each call, four times a request; nobody cancels threads here. Sanitizers
// watch the library's functions, so their builds use those. Results and errno as theirs.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEIR_LIBRARY_CALLS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WEIR_LIBRARY_CALLS 1
#endif
#endif

namespace weir::net {

#ifdef WEIR_LIBRARY_CALLS
inline ssize_t receive(int fd, char* to, std::size_t size, int flags) noexcept {
  return ::recv(fd, to, size, flags);
}
inline ssize_t send_bytes(int fd, const char* from, std::size_t size, int flags) noexcept {
  return ::send(fd, from, size, flags);
}
#else
inline ssize_t receive(int fd, char* to, std::size_t size, int flags) noexcept {
  return ::syscall(SYS_recvfrom, fd, to, size, flags, nullptr, nullptr);
}
inline ssize_t send_bytes(int fd, const char* from, std::size_t size, int flags) noexcept {
  return ::syscall(SYS_sendto, fd, from, size, flags, nullptr, 0);
}
#endif

}  // namespace weir::net
