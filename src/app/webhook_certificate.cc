#include "webhook_certificate.h"

#include <utility>

namespace weir::app {

namespace ssl = boost::asio::ssl;

WebhookCertificate::WebhookCertificate(std::string certificate, std::string key)
    : certificate_(std::move(certificate)), key_(std::move(key)) {
  stamps_[0].size = -2;  // differs from every file, also from a missing one
}

bool WebhookCertificate::Stamp::operator==(const Stamp& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

WebhookCertificate::Stamp WebhookCertificate::stamp_of(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim};
}

std::shared_ptr<ssl::context> WebhookCertificate::current(std::string& problem) {
  problem.clear();
  const Stamp now[2] = {stamp_of(certificate_), stamp_of(key_)};
  if (now[0] == stamps_[0] && now[1] == stamps_[1]) return context_;
  stamps_[0] = now[0];
  stamps_[1] = now[1];
  auto fresh = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  fresh->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, error);
  if (!error) fresh->use_certificate_chain_file(certificate_, error);
  const bool have_certificate = !error;
  if (!error) fresh->use_private_key_file(key_, ssl::context::pem, error);
  if (error) {
    problem = (have_certificate ? "the key " + key_ : "the certificate " + certificate_) +
              " can't be used: " + error.message() + (context_ ? "; the one before stays" : "");
    return context_;
  }
  context_ = std::move(fresh);
  return context_;
}

}  // namespace weir::app
