// The load generator of the bench: backend and clients of several proxies in ONE thread, in short interleaved slices
// (A B C A B C ...), drained at the end of each slice, with the proxies' CPU time read from schedstat. Busy polling: a
// sleeping generator would make each send of a proxy pay a cross-core wake-up and punish slower proxies.
//
// Every answer is checked: status, length, each byte of the body, the backend where the hosts file names one. Prints
// one JSON object a line for each slice: round, target, requests, errors, CPU ns of the proxy, seconds, p50, p99. With
// --requests there are no slices: that many requests on the targets, one line, and connections closed are counted.
// Exit status 1 after any error.
#include "bench/loadgen/backend.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace weir::bench {
namespace {

double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// On-CPU nanoseconds of all threads of a process.
double cpu_ns(int pid) {
  std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  DIR* dir = opendir(tasks.c_str());
  double sum = 0;
  if (!dir) return 0;
  while (dirent* entry = readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    if (FILE* file = std::fopen((tasks + "/" + entry->d_name + "/schedstat").c_str(), "r")) {
      unsigned long long ns = 0;
      if (std::fscanf(file, "%llu", &ns) == 1) sum += static_cast<double>(ns);
      std::fclose(file);
    }
  }
  closedir(dir);
  return sum;
}

struct Options {
  int backend_port = 9000;
  std::string path = "/api/1k";
  std::string host = "app.example.com";
  int connections = 64;
  double slice = 0.15;
  int rounds = 21;
  double rate = 0;  // requests a second; 0: closed loop
  std::size_t post = 0;
  std::string field;  // one more header field, "Name: value"
  bool tls = false;
  bool handshakes = false;  // a new connection for each request
  bool resume = false;
  long requests = 0;                 // > 0: one run of so many requests
  std::vector<std::string> targets;  // port:pid[:hosts file]
};

// What to send, and which backend may answer ('*': any).
struct Question {
  std::string text;
  char backend = '*';
};

using Questions = std::vector<Question>;

class Generator;

class Client : public EventSource {
 public:
  Client(Generator& generator, const Questions& questions, int port)
      : generator_(generator), questions_(questions), port_(port) {}
  ~Client() override { disconnect(); }

  bool connect();
  void disconnect();
  void send_request(double started);
  void on_event(std::uint32_t events) override;

 private:
  // > 0 bytes; 0: nothing there yet; < 0: the end, or an error.
  ssize_t read(char* buffer, std::size_t size);
  bool write_all(const char* data, std::size_t size);
  // 1: complete; 0: waits for more; -1: wrong.
  int take_head();
  int take_body(const char* data, std::size_t size);
  bool shake_hands();
  void finish(bool ok);
  void fail(const char* why);

  Generator& generator_;
  const Questions& questions_;
  const Question* asked_ = nullptr;
  int port_;
  int fd_ = -1;
  SSL* ssl_ = nullptr;
  bool busy_ = false;
  bool shaking_ = false;  // the TLS handshake goes on
  bool in_body_ = false;
  double started_ = 0;
  std::size_t got_ = 0;  // of the body
  std::size_t have_ = 0;
  char head_[8192];
};

class Generator {
 public:
  explicit Generator(const Options& options)
      : options_(options),
        backend_(poller_, options.backend_port, 'a'),
        second_backend_(poller_, options.backend_port + 1, 'b'),
        body_size_(body_size_of(options.path)) {
    if (options.tls) {
      tls_ = SSL_CTX_new(TLS_client_method());
      SSL_CTX_set_verify(tls_, SSL_VERIFY_NONE, nullptr);
      SSL_CTX_set_min_proto_version(tls_, TLS1_3_VERSION);
    }
  }

  // False after any error.
  bool run() {
    struct Target {
      int pid;
      std::unique_ptr<Questions> questions;
      std::vector<std::unique_ptr<Client>> clients;
    };
    std::vector<Target> targets;
    for (const std::string& text : options_.targets) {
      const int port = std::atoi(text.c_str());
      const std::string rest = text.substr(text.find(':') + 1);
      const std::size_t colon = rest.find(':');
      Target target{std::atoi(rest.c_str()), std::make_unique<Questions>(), {}};
      *target.questions = questions(colon == std::string::npos ? "" : rest.substr(colon + 1));
      for (int i = 0; i < options_.connections; ++i) {
        target.clients.push_back(std::make_unique<Client>(*this, *target.questions, port));
        if (!options_.handshakes && !target.clients.back()->connect()) {
          std::fprintf(stderr, "cannot connect to port %d\n", port);
          std::exit(1);
        }
      }
      targets.push_back(std::move(target));
    }
    if (options_.requests > 0) {
      for (Target& target : targets) soak(target.pid, target.clients);
    } else {
      for (int round = -1; round < options_.rounds; ++round) {  // round -1 warms up
        for (std::size_t i = 0; i < targets.size(); ++i) slice(round, i, targets[i].pid, targets[i].clients);
      }
    }
    stopping_ = true;
    return all_errors_ == 0;
  }

  // Says what went wrong, the first few times.
  void complain(const char* why, int error) {
    if (stopping_) return;
    if (all_errors_ < 5) std::fprintf(stderr, "request failed: %s (errno %d)\n", why, error);
  }
  void closed() { ++closed_; }
  void answered_by(char backend) { ++answers_[backend == 'b']; }
  std::size_t body_size() const { return body_size_; }

  void completed(Client* client, double started, bool ok) {
    double at = now();
    latencies_.push_back(static_cast<float>((at - started) * 1e6));
    --outstanding_;
    ok ? ++done_ : ++errors_;
    if (!ok) ++all_errors_;
    if (options_.requests > 0 && done_ + errors_ + outstanding_ >= options_.requests) issuing_ = false;
    if (issuing_ && options_.rate == 0) {
      start(client, at);
    } else {
      idle_.push_back(client);
    }
  }

  const Question& next_question(const Questions& questions) {
    if (questions.size() == 1) return questions[0];
    random_ = random_ * 6364136223846793005ull + 1442695040888963407ull;
    return questions[(random_ >> 33) % questions.size()];
  }

  const Options& options() const { return options_; }
  Poller& poller() { return poller_; }
  SSL_CTX* tls() { return tls_; }
  SSL_SESSION* session = nullptr;

 private:
  // Of a file with one "host [backend]" a line.
  Questions questions(const std::string& path) const {
    Questions all;
    if (path.empty()) {
      all.push_back({make_request(options_.host), '*'});
      return all;
    }
    FILE* file = std::fopen(path.c_str(), "r");
    char line[300];
    while (file && std::fgets(line, sizeof line, file)) {
      const std::size_t size = std::strcspn(line, " \n");
      all.push_back({make_request(std::string(line, size)), line[size] == ' ' ? line[size + 1] : '*'});
    }
    if (file) std::fclose(file);
    if (all.empty()) {
      std::fprintf(stderr, "no hosts in %s\n", path.c_str());
      std::exit(1);
    }
    return all;
  }

  std::string make_request(const std::string& host) const {
    return (options_.post ? "POST " : "GET ") + options_.path + " HTTP/1.1\r\nHost: " + host +
           "\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: "
           "text/html,application/json;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nCookie: "
           "session=0123456789abcdef0123456789abcdef; theme=dark\r\n" +
           (options_.field.empty() ? "" : options_.field + "\r\n") +
           (options_.handshakes ? "Connection: close\r\n" : "") +
           (options_.post ? "Content-Length: " + std::to_string(options_.post) + "\r\n" : "") + "\r\n" +
           std::string(pattern().substr(0, options_.post));
  }

  void start(Client* client, double at) {
    ++outstanding_;
    client->send_request(at);
  }

  void soak(int pid, std::vector<std::unique_ptr<Client>>& clients) {
    const double cpu = cpu_ns(pid), began = now();
    issuing_ = true;
    for (auto& client : clients) start(client.get(), now());
    while (outstanding_ > 0 && now() < began + 900) poller_.poll(0);
    if (outstanding_ > 0) ++all_errors_;
    std::printf(
        "{\"done\":%ld,\"errors\":%ld,\"unanswered\":%ld,\"closed\":%ld,\"by_a\":%ld,\"by_b\":%ld,\"cpu_ns\":%.0f,"
        "\"seconds\":%.3f}\n",
        done_, errors_, outstanding_, closed_, answers_[0], answers_[1], cpu_ns(pid) - cpu, now() - began);
  }

  void slice(int round, std::size_t index, int pid, std::vector<std::unique_ptr<Client>>& clients) {
    latencies_.clear();
    done_ = errors_ = outstanding_ = 0;
    idle_.clear();
    for (auto& client : clients) idle_.push_back(client.get());
    std::deque<double> due;
    double cpu = cpu_ns(pid), began = now(), end = began + options_.slice, next = began;
    issuing_ = true;
    if (options_.rate == 0) {
      auto all = std::move(idle_);
      idle_.clear();
      for (Client* client : all) start(client, now());
    }
    for (;;) {
      double at = now();
      if (at >= end) issuing_ = false;
      if (!issuing_ && (outstanding_ <= 0 || at > end + 2)) break;
      if (issuing_ && options_.rate > 0) {
        for (; next <= at; next += 1.0 / options_.rate) due.push_back(next);
        while (!due.empty() && !idle_.empty()) {
          Client* client = idle_.back();
          idle_.pop_back();
          start(client, due.front());
          due.pop_front();
        }
      }
      poller_.poll(0);
    }
    usleep(3000);  // let the proxy finish its bookkeeping before its CPU time is read
    double used = cpu_ns(pid) - cpu, seconds = now() - began;
    all_errors_ += outstanding_;
    std::sort(latencies_.begin(), latencies_.end());
    auto percentile = [&](double p) {
      return latencies_.empty()
                 ? 0.0f
                 : latencies_[std::min(latencies_.size() - 1,
                                       static_cast<std::size_t>(p * static_cast<double>(latencies_.size())))];
    };
    if (round >= 0)
      std::printf(
          "{\"round\":%d,\"target\":%zu,\"done\":%ld,\"errors\":%ld,\"cpu_ns\":%.0f,\"seconds\":%.4f,\"p50\":%.1f,"
          "\"p99\":%.1f}\n",
          round, index, done_, errors_ + outstanding_, used, seconds, static_cast<double>(percentile(.5)),
          static_cast<double>(percentile(.99)));
  }

  Options options_;
  Poller poller_;
  Backend backend_;
  Backend second_backend_;
  const std::size_t body_size_;
  SSL_CTX* tls_ = nullptr;
  std::vector<float> latencies_;
  std::vector<Client*> idle_;
  std::uint64_t random_ = 42;
  long done_ = 0, errors_ = 0, outstanding_ = 0;
  long all_errors_ = 0, closed_ = 0;
  long answers_[2] = {0, 0};
  bool issuing_ = false;
  bool stopping_ = false;
};

bool Client::connect() {
  fd_ = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
  if (generator_.tls()) {
    ssl_ = SSL_new(generator_.tls());
    SSL_set_fd(ssl_, fd_);
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(generator_.options().host.c_str()));
    if (generator_.options().resume && generator_.session) SSL_set_session(ssl_, generator_.session);
    SSL_set_connect_state(ssl_);
    shaking_ = generator_.options().handshakes;
    if (!shaking_ && SSL_do_handshake(ssl_) != 1) return false;
    fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  generator_.poller().add(fd_, EPOLLIN, this);
  return true;
}

void Client::disconnect() {
  if (ssl_) {
    if (generator_.options().resume) {
      if (generator_.session) SSL_SESSION_free(generator_.session);
      generator_.session = SSL_get1_session(ssl_);
    }
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

bool Client::write_all(const char* data, std::size_t size) {
  while (size > 0) {
    ssize_t n = ssl_ ? SSL_write(ssl_, data, static_cast<int>(size)) : send(fd_, data, size, MSG_NOSIGNAL);
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

ssize_t Client::read(char* buffer, std::size_t size) {
  const ssize_t n = ssl_ ? SSL_read(ssl_, buffer, static_cast<int>(size)) : recv(fd_, buffer, size, 0);
  if (n > 0) return n;
  if (ssl_) return SSL_get_error(ssl_, static_cast<int>(n)) == SSL_ERROR_WANT_READ ? 0 : -1;
  return -1;
}

void Client::send_request(double started) {
  busy_ = true;
  started_ = started;
  in_body_ = false;
  got_ = have_ = 0;
  asked_ = &generator_.next_question(questions_);
  if (fd_ < 0 && !connect()) return fail("connect");
  if (shaking_ ? !shake_hands() : !write_all(asked_->text.data(), asked_->text.size())) fail("send");
}

bool Client::shake_hands() {
  const int done = SSL_do_handshake(ssl_);
  if (done != 1) return SSL_get_error(ssl_, done) == SSL_ERROR_WANT_READ;
  shaking_ = false;
  return write_all(asked_->text.data(), asked_->text.size());
}

void Client::fail(const char* why) {
  generator_.complain(why, errno);
  finish(false);
}

void Client::finish(bool ok) {
  if (!ok || generator_.options().handshakes) disconnect();
  if (!busy_) return;
  busy_ = false;
  generator_.completed(this, started_, ok);
}

int Client::take_head() {
  head_[have_] = 0;
  char* end = std::strstr(head_, "\r\n\r\n");
  if (!end) return have_ < sizeof head_ - 1 ? 0 : -1;
  *end = 0;
  const char* length = strcasestr(head_, "\r\ncontent-length:");
  const char* backend = strcasestr(head_, "\r\nx-backend: ");
  if (std::strncmp(head_, "HTTP/1.1 200", 12) != 0 || !length || !backend) return -1;
  if (std::strtoul(length + 17, nullptr, 10) != generator_.body_size()) return -1;
  if (asked_->backend != '*' && asked_->backend != backend[13]) return -1;
  generator_.answered_by(backend[13]);
  in_body_ = true;
  return take_body(end + 4, have_ - static_cast<std::size_t>(end + 4 - head_));
}

int Client::take_body(const char* data, std::size_t size) {
  if (size > generator_.body_size() - got_ || std::memcmp(data, pattern().data() + got_, size) != 0) return -1;
  got_ += size;
  return got_ == generator_.body_size();
}

void Client::on_event(std::uint32_t) {
  static char bulk[1 << 18];
  if (shaking_) {
    if (!shake_hands()) fail("TLS handshake");
    return;
  }
  do {
    char* to = in_body_ ? bulk : head_ + have_;
    const ssize_t n = read(to, in_body_ ? sizeof bulk : sizeof head_ - 1 - have_);
    if (n == 0) return;
    if (n < 0) {
      generator_.closed();
      return busy_ ? fail("closed by the proxy") : disconnect();
    }
    if (!busy_) return fail("bytes that nobody asked for");
    const auto size = static_cast<std::size_t>(n);
    if (!in_body_) have_ += size;
    const int done = in_body_ ? take_body(bulk, size) : take_head();
    if (done < 0) return fail("a wrong answer");
    if (done > 0) return finish(true);
  } while (ssl_ && SSL_pending(ssl_) > 0);
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  weir::bench::Options options;
  CLI::App app("interleaved load on several proxies");
  app.add_option("--backend-port", options.backend_port);
  app.add_option("--path", options.path);
  app.add_option("--host", options.host);
  app.add_option("--connections", options.connections);
  app.add_option("--slice", options.slice, "seconds");
  app.add_option("--rounds", options.rounds);
  app.add_option("--rate", options.rate);
  app.add_option("--post", options.post, "bytes of request body");
  app.add_option("--field", options.field, "one more header field of each request");
  app.add_flag("--tls", options.tls);
  app.add_flag("--handshakes", options.handshakes);
  app.add_flag("--resume", options.resume);
  app.add_option("--requests", options.requests, "one run of so many requests instead of slices");
  app.add_option("targets", options.targets,
                 "port:pid[:FILE] ...; FILE: one \"host [backend]\" a line, asked for at random")
      ->required();
  CLI11_PARSE(app, argc, argv);
  return weir::bench::Generator(options).run() ? 0 : 1;
}
