// AdmissionWebhook: the HTTPS server that the API server asks before it stores an Ingress (--validating-webhook;
// spec 8.8). It reads and writes on a thread of its own; the review itself runs where `reviewer` sends it.
//
// Thread rule: start() and stop() by the main thread. Beast stays in admission_webhook.cc.
#pragma once

#include "weir/base/result.h"
#include "weir/model/review.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace weir::app {

struct AdmissionWebhookOptions {
  std::string address;      // ":8443", "127.0.0.1:8443", "[::1]:8443"
  std::string certificate;  // PEM files, read again when they changed
  std::string key;
};

class AdmissionWebhook {
 public:
  using Done = std::function<void(model::Review)>;
  // Judges one Ingress and calls `done` once, from any thread, or drops it (at shutdown): then the connection closes.
  using Reviewer = std::function<void(std::shared_ptr<const kube::Ingress> ingress, Done done)>;

  AdmissionWebhook(AdmissionWebhookOptions options, Reviewer reviewer);
  ~AdmissionWebhook();  // stop()
  AdmissionWebhook(const AdmissionWebhook&) = delete;
  AdmissionWebhook& operator=(const AdmissionWebhook&) = delete;

  // The port it listens on. Fails when the address is none or taken. A certificate that can't be read is logged and
  // tried again at the next connection: the Secret may come after the pod.
  base::Result<std::uint16_t> start();
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::app
