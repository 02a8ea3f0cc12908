#include "net/tls_stream.h"

#include "net/syscalls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace weir::net {
namespace {

// Plaintext per flush: few system calls for bulk, and little to keep for a slow reader. Room for a full input buffer
// and its head.
constexpr std::size_t kPlainPerFlush = 80 * 1024;

}  // namespace

// --- Sock's side

void Sock::start_tls_server(SSL* ssl) {
  assert(!tls_);
  tls_ = new TlsStream(*this, ssl, true);
}

void Sock::start_tls_client(SSL* ssl) {
  assert(!tls_);
  tls_ = new TlsStream(*this, ssl, false);
}

SSL* Sock::ssl() const noexcept {
  return tls_ ? tls_->ssl() : nullptr;
}

unsigned long Sock::tls_error() const noexcept {
  return tls_ ? tls_->error() : 0;
}

// --- life

TlsStream::TlsStream(Sock& sock, SSL* ssl, bool server) : sock_(sock), ssl_(ssl), prefix_(sock.input()) {
  sock.drop_input();
  Reactor::Outbox& outbox = *sock.reactor_->outbox_;
  if (!outbox.ciphertext) {
    outbox.ciphertext.reset(new char[Reactor::Outbox::kCapacity]);
    outbox.plaintext.reset(new char[Reactor::Outbox::kRecord]);
  }
  BIO* bio = BIO_new(bio_method());
  if (!bio) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
  SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_read_ahead(ssl, 1);
  if (server) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
}

TlsStream::~TlsStream() {
  // OpenSSL takes a connection that ends without close_notify, by a reset say, for a bad one and spoils its session:
  // the next connection to the same peer would pay for a full handshake. Fatal alerts have spoiled it already.
  if (established_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
  ERR_clear_error();
}

// --- BIO

BIO_METHOD* TlsStream::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir socket");
    if (!made) throw std::bad_alloc();
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_ctrl);
    return made;
  }();
  return method;
}

int TlsStream::bio_read(BIO* bio, char* to, int size) {
  BIO_clear_retry_flags(bio);
  bool retry = false;
  const int n = static_cast<TlsStream*>(BIO_get_data(bio))->read_socket(to, size, retry);
  if (retry) BIO_set_retry_read(bio);
  return n;
}

int TlsStream::bio_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  static_cast<TlsStream*>(BIO_get_data(bio))->write_outbox(from, static_cast<std::size_t>(size));
  return size;
}

long TlsStream::bio_ctrl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<TlsStream*>(BIO_get_data(bio))->saw_end_;
  return 0;
}

int TlsStream::read_socket(char* to, int size, bool& retry) {
  if (!prefix_.empty()) {
    const std::size_t n = std::min(prefix_.size(), static_cast<std::size_t>(size));
    std::memcpy(to, prefix_.data(), n);
    prefix_.erase(0, n);
    return static_cast<int>(n);
  }
  if (saw_end_) return 0;
  if (!sock_.readable_) {
    retry = true;
    return -1;
  }
  const ssize_t n = receive(sock_.fd_, to, static_cast<std::size_t>(size), 0);
  if (n > 0) {
    sock_.readable_ = sock_.eof() || n == size;  // as in Sock::try_recv
    return static_cast<int>(n);
  }
  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    read_error_ = errno;
    return -1;
  }
  if (n < 0 && !sock_.eof()) {
    sock_.readable_ = false;
    retry = true;
    return -1;
  }
  sock_.note_fin();
  saw_end_ = true;
  return 0;
}

void TlsStream::write_outbox(const char* from, std::size_t size) {
  Reactor::Outbox& outbox = *sock_.reactor_->outbox_;
  if (outbox.size + size > Reactor::Outbox::kCapacity) (void)flush();  // its error is kept in write_error_
  if (size > Reactor::Outbox::kCapacity) {
    unsent_.insert(unsent_.end(), from, from + size);
    return;
  }
  std::memcpy(outbox.ciphertext.get() + outbox.size, from, size);
  outbox.size += size;
}

// --- reading

bool TlsStream::ended(int ssl_return, int& result) {
  const int reason = SSL_get_error(ssl_, ssl_return);
  if (reason == SSL_ERROR_WANT_READ) return false;
  finished_ = true;
  if (reason == SSL_ERROR_ZERO_RETURN) {
    sock_.note_fin();
    result = 0;
    return true;
  }
  failed_ = true;
  if (read_error_ != 0) {
    result = -read_error_;
  } else if (saw_end_) {
    result = established_ ? -ECONNRESET : 0;
  } else {
    error_ = ERR_peek_error();
    result = -EPROTO;
  }
  ERR_clear_error();
  return true;
}

bool TlsStream::has_input() const noexcept {
  return finished_ || !prefix_.empty() || SSL_has_pending(ssl_) == 1;
}

bool TlsStream::try_handshake(Sock::Reading& op) {
  if (established_) {
    op.result_ = 1;
    return true;
  }
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  bool finished = true;
  if (done == 1) {
    established_ = true;
    op.result_ = 1;
  } else {
    finished = ended(done, op.result_);
  }
  const int flushed = flush();  // an alert, too
  if (flushed < 0 && (done == 1 || !finished)) {
    op.result_ = flushed;
    return true;
  }
  return finished;
}

bool TlsStream::try_recv(Sock::Reading& op) {
  assert(established_ && "handshake() first");
  std::uint32_t room = op.room_;
  if (!sock_.make_room(room)) {
    op.result_ = -ENOBUFS;
    return true;
  }
  char* to = sock_.buffer_ + sock_.begin_ + sock_.have_;
  std::uint32_t total = 0;
  bool finished = true;
  while (total < room) {
    ERR_clear_error();
    const int n = SSL_read(ssl_, to + total, static_cast<int>(room - total));
    if (n <= 0) {
      finished = ended(n, op.result_);
      break;
    }
    total += static_cast<std::uint32_t>(n);
    if (!sock_.readable_ && SSL_has_pending(ssl_) == 0) break;
  }
  if (sock_.reactor_->outbox_->size > 0) (void)flush();  // a key update; a failure shows at the next send
  if (total == 0) return finished;
  sock_.have_ += total;
  op.result_ = static_cast<int>(total);  // an end that was seen is reported by the next read
  return true;
}

bool TlsStream::quiet() {
  if (finished_) return false;
  if (!established_) return prefix_.empty() && !sock_.readable_;
  ERR_clear_error();
  char byte;
  const int n = SSL_peek(ssl_, &byte, 1);
  int ignored = 0;
  const bool open = n <= 0 && !ended(n, ignored);
  if (sock_.reactor_->outbox_->size > 0) (void)flush();
  return open;
}

// --- writing

bool TlsStream::encrypt_some(Parts& rest) {
  Reactor::Outbox& outbox = *sock_.reactor_->outbox_;
  const iovec& front = *rest.data();
  const char* from = static_cast<const char*>(front.iov_base);
  std::size_t size = front.iov_len;
  if (rest.count() > 1 && size < Reactor::Outbox::kRecord) {
    // Head and the begin of the body in one record.
    size = 0;
    for (int i = 0; i < rest.count() && size < Reactor::Outbox::kRecord; ++i) {
      const iovec& part = rest.data()[i];
      const std::size_t n = std::min(part.iov_len, Reactor::Outbox::kRecord - size);
      std::memcpy(outbox.plaintext.get() + size, part.iov_base, n);
      size += n;
    }
    from = outbox.plaintext.get();
  }
  size = std::min(size, kPlainPerFlush);
  const int n = SSL_write(ssl_, from, static_cast<int>(size));
  if (n <= 0) return false;
  rest.advance(static_cast<std::size_t>(n));
  return true;
}

int TlsStream::send(Parts& rest) {
  progressed_ = false;
  if (failed_) return write_error_ != 0 ? -write_error_ : -EPIPE;
  int flushed = flush();
  bool progressed = progressed_;
  while (flushed == 1 && !rest.empty()) {
    std::size_t planned = 0;
    while (!rest.empty() && planned < kPlainPerFlush) {
      const std::size_t before = rest.bytes();
      ERR_clear_error();
      if (!encrypt_some(rest)) {
        failed_ = true;
        error_ = ERR_peek_error();
        ERR_clear_error();
        sock_.reactor_->outbox_->size = 0;
        return -EPROTO;
      }
      planned += before - rest.bytes();
    }
    flushed = flush();
    progressed = progressed || progressed_;
  }
  progressed_ = progressed;
  return flushed;
}

int TlsStream::flush() noexcept {
  Reactor::Outbox& outbox = *sock_.reactor_->outbox_;
  progressed_ = false;
  const std::size_t fresh = std::exchange(outbox.size, 0);
  if (write_error_ != 0) return -write_error_;
  if (has_unsent()) {
    unsent_.insert(unsent_.end(), outbox.ciphertext.get(), outbox.ciphertext.get() + fresh);
  } else if (fresh == 0) {
    return 1;
  }
  const bool old = has_unsent();
  const char* from = old ? unsent_.data() + unsent_begin_ : outbox.ciphertext.get();
  const std::size_t size = old ? unsent_.size() - unsent_begin_ : fresh;
  ssize_t n = send_bytes(sock_.fd_, from, size, MSG_NOSIGNAL);
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      write_error_ = errno;
      failed_ = true;
      return -write_error_;
    }
    n = 0;
  }
  progressed_ = n > 0;
  const auto sent = static_cast<std::size_t>(n);
  if (sent == size) {
    if (old) {
      std::vector<char>().swap(unsent_);
      unsent_begin_ = 0;
    }
    return 1;
  }
  if (old) {
    unsent_begin_ += sent;
  } else {
    unsent_.assign(from + sent, from + size);
    unsent_begin_ = 0;
  }
  return 0;
}

void TlsStream::close_notify() noexcept {
  if (!established_ || failed_ || (SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN)) return;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_);  // sends only; nobody waits for the answer
  ERR_clear_error();
  (void)flush();
}

}  // namespace weir::net
