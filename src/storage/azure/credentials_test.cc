// What an account lets in: keys, signatures and tokens, against the emulator.

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "crypto/encoding.h"
#include "http/testing/certificate.h"
#include "http/testing/server_fixture.h"
#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"
#include "storage/azure/testing/shared_access.h"

namespace cloudfolio::storage::azure {
namespace {

using namespace std::chrono_literals;

class Credentials : public http::ServerFixture {
 protected:
  void SetUp() override {
    auto started = Azurite::shared();
    if (!started) GTEST_SKIP() << started.error().message();
    azurite = *started;
    account = azurite->next_account();
    expiry = to_text(std::chrono::floor<std::chrono::seconds>(azurite->clock().wall_time() + 1h));
  }
  std::unique_ptr<Storage> open(const Account& with) {
    auto opened = azure::open({.account = with, .retries = {.attempts_max = 2}}, azurite->clock());
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
    return opened ? *std::move(opened) : nullptr;
  }
  Result<ETag> put(Storage& storage) {
    return (*storage.blobs("github-cache"))->put(ctx, BlobKey("k"), "v", {});
  }
  Result<MessageId> send(Storage& storage) {
    return (*storage.queue("model-training-queue"))->send(ctx, "m", {});
  }
  Result<ETag> insert(Storage& storage) {
    return (*storage.table("usage"))->upsert(ctx, {{"p", "r"}, {}}, Write::replace);
  }

  const Context ctx;
  Azurite* azurite = nullptr;
  Account account;
  std::string expiry;
};

TEST_F(Credentials, the_accounts_key_opens_everything_and_a_wrong_one_nothing) {
  const auto storage = open(account);
  EXPECT_TRUE(storage->check(ctx));
  Account wrong = account;
  wrong.credential = SharedKey{Secret(crypto::to_base64("another key"))};
  const auto refused = put(*open(wrong));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::permission_denied);
  EXPECT_NE(refused.error().message().find("Authorization"), std::string::npos)
      << refused.error().message();
  EXPECT_EQ(insert(*open(wrong)).error().code(), Code::permission_denied);
  EXPECT_EQ(send(*open(wrong)).error().code(), Code::permission_denied);
}

TEST_F(Credentials, a_key_that_is_no_base64_is_refused_at_once) {
  account.credential = SharedKey{Secret("not base64!")};
  EXPECT_EQ(azure::open({.account = account}, clock).error().code(), Code::invalid_argument);
}

TEST_F(Credentials, an_accounts_signature_opens_all_services_with_its_rights) {
  const auto full = open(with_account_signature(account, {"rwdlacup", expiry}));
  for (const auto& done : {put(*full).ok(), send(*full).ok(), insert(*full).ok()})
    EXPECT_TRUE(done);
  const auto reader = open(with_account_signature(account, {"rl", expiry}));
  EXPECT_TRUE((*reader->blobs("github-cache"))->get(ctx, BlobKey("k")));
  EXPECT_TRUE((*reader->table("usage"))->get(ctx, {"p", "r"}));
  EXPECT_EQ(put(*reader).error().code(), Code::permission_denied);
}

TEST_F(Credentials, a_signature_of_one_container_opens_that_one) {
  const auto owner = open(account);
  ASSERT_TRUE(put(*owner) && send(*owner) && insert(*owner));
  ASSERT_TRUE((*owner->blobs("another"))->put(ctx, BlobKey("k"), "v", {}));
  const auto cache = open(with_container_signature(account, "github-cache", {"rwl", expiry}));
  EXPECT_TRUE(put(*cache));
  EXPECT_TRUE((*cache->blobs("github-cache"))->list(ctx, {}));
  EXPECT_EQ((*cache->blobs("another"))->get(ctx, BlobKey("k")).error().code(),
            Code::permission_denied);
  EXPECT_TRUE(send(*open(with_queue_signature(account, "model-training-queue", {"raup", expiry}))));
  EXPECT_TRUE(insert(*open(with_table_signature(account, "usage", {"raud", expiry}))));
}

TEST_F(Credentials, a_signature_that_ran_out_is_refused) {
  const auto storage = open(with_account_signature(account, {"rwdlacup", "2026-01-01T00:00:00Z"}));
  EXPECT_EQ(put(*storage).error().code(), Code::permission_denied);
}

// A token as the emulator takes it: it looks at audience, issuer and times, not at the signature.
std::string token_until(Clock::WallTime end) {
  const auto seconds = [](Clock::WallTime time) { return std::to_string(to_unix_ms(time) / 1000); };
  const std::string claims =
      R"({"aud":"https://storage.azure.com","iss":"https://sts.windows.net/tenant/","nbf":)" +
      seconds(end - 2h) + R"(,"iat":)" + seconds(end - 2h) + R"(,"exp":)" + seconds(end) + "}";
  return crypto::to_base64url(R"({"alg":"RS256","typ":"JWT"})") + "." +
         crypto::to_base64url(claims) + "." + crypto::to_base64url("signature");
}

TEST_F(Credentials, a_managed_identity_opens_blobs_and_queues_over_tls) {
  const auto tls = http::make_certificate(folder);
  const auto secured = Azurite::start({.arguments = {"--cert", tls.certificate_chain_file, "--key",
                                                     tls.private_key_file, "--oauth", "basic"}});
  ASSERT_TRUE(secured) << secured.error().message();
  std::atomic<int> fetched = 0;
  serve({}, [&](http::Request& request) {
    ++fetched;
    EXPECT_EQ(request.find_query("resource"), "https://storage.azure.com");
    // The first one is over already: the service refuses it.
    const auto end = clock.wall_time() + (fetched == 1 ? -1h : 1h);
    return http::Response{.body = R"({"access_token":")" + token_until(end) +
                                  R"(","expires_in":"3600"})"};
  });
  Account identity = (*secured)->next_account();
  identity.credential =
      EntraTokens{.identity_endpoint = url("/token"), .identity_header = Secret("header")};
  const auto storage = azure::open({.account = identity, .ca_file = tls.certificate_chain_file},
                                   (*secured)->clock());
  ASSERT_TRUE(storage) << storage.error().message();
  const auto refused = put(**storage);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::permission_denied);
  const auto again =
      azure::open({.account = identity, .ca_file = tls.certificate_chain_file}, clock);
  EXPECT_TRUE(put(**again)) << put(**again).error().message();
  EXPECT_TRUE(send(**again));
  EXPECT_TRUE(insert(**again));
  EXPECT_EQ(fetched, 2) << "one token serves all requests";
}

}  // namespace
}  // namespace cloudfolio::storage::azure
