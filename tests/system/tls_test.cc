// github.api_url may be an https address with a certificate authority of one's own.

#include <gtest/gtest.h>

#include "http/testing/certificate.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

TEST(Tls, a_portfolio_is_synced_from_a_github_behind_tls) {
  TemporaryFolder folder;
  const http::Server::Tls tls = http::make_certificate(folder.path());
  Simulator github(sample_portfolio(), {"--tls-certificate", tls.certificate_chain_file.string(),
                                        "--tls-key", tls.private_key_file.string()});
  ASSERT_TRUE(github.url().starts_with("https://")) << github.url();
  Installation installation(github.url());
  installation.environment["CLOUDFOLIO_GITHUB_CA_FILE"] = tls.certificate_chain_file.string();
  EXPECT_GE(integer(installation.ask({"sync", kSampleLogin}), "mirrored"), 8);
}

TEST(Tls, a_certificate_that_nobody_vouches_for_is_refused) {
  TemporaryFolder folder;
  const http::Server::Tls tls = http::make_certificate(folder.path());
  Simulator github(sample_portfolio(), {"--tls-certificate", tls.certificate_chain_file.string(),
                                        "--tls-key", tls.private_key_file.string()});
  Installation installation(github.url());
  const Finished finished = installation.run({"sync", kSampleLogin});
  EXPECT_EQ(finished.exit_code, 2) << finished.errors;
  EXPECT_NE(finished.errors.find("certificate"), std::string::npos) << finished.errors;
}

}  // namespace
}  // namespace cloudfolio::system_test
