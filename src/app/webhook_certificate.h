// The admission webhook's certificate: two PEM files, read again when one of them changed (a Secret's mount swaps both
// by one link). A pair that can't be used leaves the last good one in place. One thread.
#pragma once

#include "weir/base/result.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

#include <sys/stat.h>

namespace weir::app {

class WebhookCertificate {
 public:
  WebhookCertificate(std::string certificate, std::string key);

  // The context to greet the next connection with; null while no pair was ever usable. `problem` is empty, or says why
  // the newest files were not taken, once per change.
  std::shared_ptr<boost::asio::ssl::context> current(std::string& problem);

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    timespec changed{};
    bool operator==(const Stamp& other) const;
  };
  static Stamp stamp_of(const std::string& path);

  std::string certificate_;
  std::string key_;
  Stamp stamps_[2];
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace weir::app
