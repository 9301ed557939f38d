#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/ensure.h"
#include "crypto/encoding.h"

namespace cloudfolio::crypto {

namespace {

// Fetched once: OpenSSL 3 looks an algorithm up by name on every implicit use.
const EVP_MD* algorithm(const char* name) {
  const EVP_MD* found = EVP_MD_fetch(nullptr, name, nullptr);
  CF_ENSURE(found != nullptr, "OpenSSL lacks", name);
  return found;
}

const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const kFound = algorithm("SHA256");
  return kFound;
}

template <class Digest>
Digest digest_of(const EVP_MD* algorithm, std::string_view bytes) {
  Digest digest{};
  const int ok = EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, algorithm, nullptr);
  CF_ENSURE(ok == 1, "digest");
  return digest;
}

}  // namespace

Sha256Digest sha256(std::string_view bytes) {
  return digest_of<Sha256Digest>(sha256_algorithm(), bytes);
}

Sha1Digest sha1(std::string_view bytes) {
  static const EVP_MD* const kFound = algorithm("SHA1");
  return digest_of<Sha1Digest>(kFound, bytes);
}

Md5Digest md5(std::string_view bytes) {
  static const EVP_MD* const kFound = algorithm("MD5");
  return digest_of<Md5Digest>(kFound, bytes);
}

Sha256Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256Digest digest{};
  // HMAC() takes a null key as "the key of the last call".
  const void* const key_address = key.empty() ? "" : key.data();
  const auto* done = HMAC(sha256_algorithm(), key_address, int(key.size()),
                          reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                          digest.data(), nullptr);
  CF_ENSURE(done != nullptr, "hmac");
  return digest;
}

Sha256Digest hmac_sha256(const Secret& key, std::string_view bytes) {
  return hmac_sha256(key.reveal(), bytes);
}

std::string sha256_hex(std::string_view bytes) {
  return to_hex(as_view(sha256(bytes)));
}
std::string sha1_hex(std::string_view bytes) {
  return to_hex(as_view(sha1(bytes)));
}
std::string md5_hex(std::string_view bytes) {
  return to_hex(as_view(md5(bytes)));
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  CF_ENSURE(context_ != nullptr, "digest context");
  CF_ENSURE(EVP_DigestInit_ex2(context_.get(), sha256_algorithm(), nullptr) == 1, "digest");
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) {
  CF_ENSURE(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "digest");
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  CF_ENSURE(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1, "digest");
  CF_ENSURE(EVP_DigestInit_ex2(context_.get(), sha256_algorithm(), nullptr) == 1, "digest");
  return digest;
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace cloudfolio::crypto
