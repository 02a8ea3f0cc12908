#include "tls/trust_store.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>
#include <string>

namespace weir::tls {
namespace {

// A bundle of public roots holds some 150.
constexpr int kMostAuthorities = 1024;

struct CleanErrors {
  CleanErrors() { ERR_clear_error(); }
  ~CleanErrors() { ERR_clear_error(); }
};

bool at_end_of_pem() {
  return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

BioPtr bio_of(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Result: how many, or what is wrong.
base::Result<int> add_authorities(TrustStore& to, std::string_view pem) {
  BioPtr bio = bio_of(pem);
  for (int count = 0;; ++count) {
    X509Ptr one(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
    if (!one) {
      if (at_end_of_pem()) return count;
      return base::fail("certificate " + std::to_string(count + 1) + " of ca.crt is damaged");
    }
    if (count == kMostAuthorities) return base::fail("ca.crt holds too many certificates");
    if (X509_STORE_add_cert(to.store.get(), one.get()) != 1) return base::fail("ca.crt cannot be used");
    X509NamePtr name(X509_NAME_dup(X509_get_subject_name(one.get())));
    if (name && sk_X509_NAME_push(to.names.get(), name.get()) > 0) (void)name.release();  // owned by the stack now
  }
}

base::Result<int> add_lists(X509_STORE* to, std::string_view pem) {
  BioPtr bio = bio_of(pem);
  for (int count = 0;; ++count) {
    CrlPtr one(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
    if (!one) {
      if (at_end_of_pem()) return count;
      return base::fail("list " + std::to_string(count + 1) + " of ca.crl is damaged");
    }
    if (X509_STORE_add_crl(to, one.get()) != 1) return base::fail("ca.crl cannot be used");
  }
}

}  // namespace

base::Result<TrustStore> load_trust_store(std::string_view ca_pem, std::string_view crl_pem) {
  const CleanErrors errors;
  if (ca_pem.size() > INT_MAX || crl_pem.size() > INT_MAX) return base::fail("ca.crt or ca.crl is too large");
  TrustStore made{X509StorePtr(X509_STORE_new()), X509NamesPtr(sk_X509_NAME_new_null())};
  if (!made.store || !made.names) return base::fail("out of memory");
  const auto authorities = add_authorities(made, ca_pem);
  if (!authorities) return authorities.error();
  if (*authorities == 0) return base::fail("ca.crt holds no PEM certificate");
  if (crl_pem.empty()) return made;
  const auto lists = add_lists(made.store.get(), crl_pem);
  if (!lists) return lists.error();
  if (*lists == 0) return base::fail("ca.crl holds no PEM revocation list");
  X509_STORE_set_flags(made.store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return made;
}

X509_STORE* machine_authorities() {
  static const X509StorePtr store = [] {
    const CleanErrors errors;
    X509StorePtr made(X509_STORE_new());
    // A failure means that there is nothing to trust; then every certificate is refused.
    if (made) (void)X509_STORE_set_default_paths(made.get());
    return made;
  }();
  return store.get();
}

}  // namespace weir::tls
