// TlsStream: the TLS layer of one Sock, on an OpenSSL BIO of its own (performance.md 5): reading answers "retry"
// without a system call when the socket is known to be empty; writing collects records in the worker's outbox, which
// leaves with one send() per operation. Therefore no operation ever waits for the socket to become writable inside
// OpenSSL. Belongs to its Sock; the reactor's thread.
#pragma once

#include "weir/net/reactor.h"
#include "weir/net/sock.h"

#include "net/sock_private.h"

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace weir::net {

// Ciphertext of the operation that runs, and the place where small parts are joined to one record. One per worker.
struct Reactor::Outbox {
  static constexpr std::size_t kCapacity = 96 * 1024;
  static constexpr std::size_t kRecord = 16 * 1024;

  std::unique_ptr<char[]> ciphertext;  // made by the first TLS connection
  std::unique_ptr<char[]> plaintext;
  std::size_t size = 0;
};

class TlsStream {
 public:
  // Takes `ssl`. Bytes that `sock` has already received are read first.
  TlsStream(Sock& sock, SSL* ssl, bool server);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream();

  bool try_handshake(Sock::Reading& op);
  bool try_recv(Sock::Reading& op);
  // A read has something to say without new bytes from the socket.
  bool has_input() const noexcept;
  // No data and no end of the stream has arrived; session tickets and the like are digested.
  bool quiet();

  // Encrypts and sends `rest` from its front. 1: all sent; 0: the socket is full, call again; -errno.
  int send(Parts& rest);
  // Sends what is collected: as send().
  int flush() noexcept;
  bool has_unsent() const noexcept { return unsent_begin_ < unsent_.size(); }
  // The last send() or flush() has moved something.
  bool progressed() const noexcept { return progressed_; }

  void close_notify() noexcept;
  void give_up() noexcept { failed_ = true; }

  SSL* ssl() const noexcept { return ssl_; }
  unsigned long error() const noexcept { return error_; }

 private:
  static BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* to, int size);
  static int bio_write(BIO* bio, const char* from, int size);
  static long bio_ctrl(BIO* bio, int command, long number, void* pointer);

  int read_socket(char* to, int size, bool& retry);
  void write_outbox(const char* from, std::size_t size);
  bool encrypt_some(Parts& rest);
  // The result of a failed SSL call: `false`: wait for more bytes; `true`: `result` is set.
  bool ended(int ssl_return, int& result);

  Sock& sock_;
  SSL* ssl_;
  std::string prefix_;        // received before TLS started
  std::vector<char> unsent_;  // ciphertext the socket did not take
  std::size_t unsent_begin_ = 0;
  unsigned long error_ = 0;
  int read_error_ = 0;
  int write_error_ = 0;
  bool established_ = false;
  bool failed_ = false;    // no close_notify
  bool saw_end_ = false;   // FIN
  bool finished_ = false;  // a read has ended the stream: ask again at once
  bool progressed_ = false;
};

}  // namespace weir::net
