#include "watch/exec_credential.h"

#include "watch/json_member.h"
#include "weir/base/ascii.h"
#include "weir/kube/timestamp.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

extern char** environ;

namespace weir::watch {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr std::size_t kMaxOutput = 1u << 20;

std::string message_of(int error) {
  return std::system_category().message(error);
}

// A started plugin. Destroying it ends the process and waits for its end.
class Process {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (output >= 0) ::close(output);
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    wait();
  }
  int wait() {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid = 0;
    return status;
  }

  pid_t pid = 0;
  int output = -1;
};

std::vector<std::string> environment_of(const ExecPlugin& plugin, const ApiConfig& config) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) all.emplace_back(*entry);
  const auto set = [&all](const std::string& name, const std::string& value) {
    std::erase_if(all, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    all.push_back(name + "=" + value);
  };
  for (const auto& [name, value] : plugin.environment) set(name, value);
  set("KUBERNETES_EXEC_INFO", exec_info(plugin, config));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& one : texts) result.push_back(one.data());
  result.push_back(nullptr);
  return result;
}

base::Result<void> spawn(const ExecPlugin& plugin, const ApiConfig& config, Process& process) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::fail("run " + plugin.command + ": " + message_of(errno));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  std::vector<std::string> arguments{plugin.command};
  arguments.insert(arguments.end(), plugin.arguments.begin(), plugin.arguments.end());
  std::vector<std::string> environment = environment_of(plugin, config);
  const int error = ::posix_spawnp(&process.pid, plugin.command.c_str(), &actions, nullptr, pointers(arguments).data(),
                                   pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  process.output = ends[0];
  if (error == 0) return {};
  process.pid = 0;
  std::string problem = "run " + plugin.command + ": " + message_of(error);
  if (error == ENOENT && !plugin.install_hint.empty()) problem += "; " + plugin.install_hint;
  return base::fail(std::move(problem));
}

// What is awaited; the handler of the time limit keeps it as well.
struct Waits {
  Waits(const asio::any_io_executor& executor, int output_descriptor, int process_descriptor)
      : output(executor, output_descriptor), end(executor, process_descriptor) {}
  asio::posix::stream_descriptor output;
  asio::posix::stream_descriptor end;  // readable when the process has ended
  bool late = false;
};

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

std::string exec_info(const ExecPlugin& plugin, const ApiConfig& config) {
  json info = {{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}};
  if (plugin.provide_cluster_info) {
    json cluster = {{"server", (config.tls ? "https://" : "http://") + authority_of(config) + config.base_path}};
    if (!config.server_name.empty()) cluster["tls-server-name"] = config.server_name;
    if (config.insecure) cluster["insecure-skip-tls-verify"] = true;
    info["spec"]["cluster"] = cluster;
  }
  return info.dump();
}

base::Result<ExecCredential> read_exec_credential(std::string_view output, const std::string& api_version) {
  const json answer = json::parse(output, nullptr, false);
  if (!answer.is_object() || text_of(member(answer, "kind")) != "ExecCredential") {
    return base::fail("its output is no ExecCredential");
  }
  if (text_of(member(answer, "apiVersion")) != api_version) {
    return base::fail("it answers with apiVersion \"" + text_of(member(answer, "apiVersion")) + "\" instead of \"" +
                      api_version + "\"");
  }
  const json& status = member(answer, "status");
  ExecCredential credential;
  credential.token = std::string(base::trim(text_of(member(status, "token"))));
  credential.client_cert = text_of(member(status, "clientCertificateData"));
  credential.client_key = text_of(member(status, "clientKeyData"));
  if (credential.client_cert.empty() != credential.client_key.empty()) {
    return base::fail("it gives a client certificate without its key or the other way round");
  }
  if (credential.token.empty() && credential.client_cert.empty()) {
    return base::fail("it gives neither a token nor a client certificate");
  }
  if (const std::string until = text_of(member(status, "expirationTimestamp")); !until.empty()) {
    const auto seconds = kube::parse_rfc3339(until);
    if (!seconds) return base::fail("its expirationTimestamp is no RFC 3339 time");
    credential.expires = std::chrono::seconds(*seconds);
  }
  return credential;
}

asio::awaitable<base::Result<ExecCredential>> run_exec_plugin(const ExecPlugin& plugin, const ApiConfig& config,
                                                              std::chrono::milliseconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  const std::string what = "the credential plugin " + plugin.command;
  Process process;
  if (const auto started = spawn(plugin, config, process); !started) co_return started.error();

  // The end of the process is awaited through its descriptor.
  const int process_descriptor = static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0));
  if (process_descriptor < 0) co_return base::fail("wait for " + what + ": " + message_of(errno));
  const auto waits = std::make_shared<Waits>(executor, std::exchange(process.output, -1), process_descriptor);
  asio::steady_timer timer(executor, limit);
  timer.async_wait([waits](const boost::system::error_code& error) {
    if (error) return;
    waits->late = true;
    waits->output.close();
    waits->end.close();
  });
  std::string text;
  std::string piece(4096, '\0');
  boost::system::error_code error;
  while (!error && text.size() <= kMaxOutput) {
    const auto [failed, size] =
        co_await waits->output.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
    text.append(piece, 0, size);
    error = failed;
  }
  if (!waits->late && text.size() <= kMaxOutput) {
    co_await waits->end.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  }
  timer.cancel();
  if (waits->late) co_return base::fail(what + " did not end in " + std::to_string(limit.count() / 1000) + " s");
  if (text.size() > kMaxOutput) co_return base::fail(what + " writes more than 1 MiB");
  const int status = process.wait();
  if (status != 0) co_return base::fail(what + " " + how_it_ended(status));
  auto credential = read_exec_credential(text, plugin.api_version);
  if (!credential) co_return base::fail(what + ": " + credential.error().text());
  co_return std::move(*credential);
}

}  // namespace weir::watch
