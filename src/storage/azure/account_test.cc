#include "storage/azure/account.h"

#include <gtest/gtest.h>

#include "storage/azure/shared_key.h"

namespace cloudfolio::storage::azure {
namespace {

TEST(Account, a_connection_string_of_the_portal_names_three_services) {
  const auto account = parse_connection_string(
      "DefaultEndpointsProtocol=https;AccountName=octo;AccountKey=a2V5PT0=;"
      "EndpointSuffix=core.windows.net");
  ASSERT_TRUE(account) << account.error().message();
  EXPECT_EQ(account->name, "octo");
  EXPECT_EQ(account->blob_url, "https://octo.blob.core.windows.net");
  EXPECT_EQ(account->queue_url, "https://octo.queue.core.windows.net");
  EXPECT_EQ(account->table_url, "https://octo.table.core.windows.net");
  EXPECT_EQ(std::get<SharedKey>(account->credential).key.reveal(), "a2V5PT0=");
}

TEST(Account, endpoints_and_a_signature_stand_for_name_and_key) {
  const auto account = parse_connection_string(
      "BlobEndpoint=https://octo.blob.core.windows.net/;"
      "QueueEndpoint=https://octo.queue.core.windows.net/;"
      "TableEndpoint=https://octo.table.core.windows.net/;SharedAccessSignature=?sv=1&sig=a%3D");
  ASSERT_TRUE(account) << account.error().message();
  EXPECT_EQ(account->name, "octo");
  EXPECT_EQ(account->blob_url, "https://octo.blob.core.windows.net");
  EXPECT_EQ(std::get<SharedAccess>(account->credential).token.reveal(), "sv=1&sig=a%3D");
}

TEST(Account, what_is_missing_is_named_and_no_secret_is) {
  const auto message = [](const char* text) {
    const auto account = parse_connection_string(text);
    return account ? std::string("accepted") : account.error().message();
  };
  EXPECT_NE(message("AccountName=octo").find("AccountKey"), std::string::npos);
  EXPECT_EQ(message("hushhush").find("hushhush"), std::string::npos);
  EXPECT_NE(message("UseDevelopmentStorage=true").find("emulator"), std::string::npos);
  EXPECT_NE(message(""), "accepted");
}

TEST(Account, the_address_of_the_blob_service_names_its_neighbours) {
  const auto account = account_at("https://octo.blob.core.windows.net/", EntraTokens{});
  ASSERT_TRUE(account);
  EXPECT_EQ(account->name, "octo");
  EXPECT_EQ(account->queue_url, "https://octo.queue.core.windows.net");
  EXPECT_EQ(account->table_url, "https://octo.table.core.windows.net");
  EXPECT_TRUE(check_account(*account));
}

TEST(Account, a_token_goes_over_tls_or_stays_on_this_machine) {
  auto account = *account_at("http://octo.blob.core.windows.net", EntraTokens{});
  EXPECT_FALSE(check_account(account));
  account = *account_at("http://127.0.0.1:10000/octo", EntraTokens{});
  account.queue_url = account.table_url = account.blob_url;
  EXPECT_TRUE(check_account(account));
}

TEST(SharedKey, header_names_sort_as_the_service_sorts_them) {
  EXPECT_TRUE(sorts_before("x-ms-meta-a_b", "x-ms-meta-a1"));
  EXPECT_TRUE(sorts_before("x-ms-meta-a1", "x-ms-meta-ab"));
  EXPECT_TRUE(sorts_before("x-ms-date", "x-ms-meta-a"));
  EXPECT_TRUE(sorts_before("x-ms-blob-type", "x-ms-date"));
  EXPECT_FALSE(sorts_before("x-ms-date", "x-ms-date"));
}

TEST(SharedKey, a_blob_requests_string_has_every_line) {
  WireRequest request;
  request.method = http::Method::put;
  request.query = {{"timeout", "20"}, {"comp", "block"}};
  request.headers = {{"x-ms-date", "Sun, 22 Nov 2026 05:12:44 GMT"},
                     {"If-Match", "\"0x1\""},
                     {"x-ms-blob-type", "BlockBlob"}};
  EXPECT_EQ(string_to_sign(ServiceKind::blob, "octo", "/c/a%3Ab", request),
            "PUT\n\n\n\n\n\n\n\n\"0x1\"\n\n\n\nx-ms-blob-type:BlockBlob\n"
            "x-ms-date:Sun, 22 Nov 2026 05:12:44 GMT\n/octo/c/a%3Ab\ncomp:block\ntimeout:20");
  request.body = "12345";
  EXPECT_NE(string_to_sign(ServiceKind::blob, "octo", "/c", request).find("PUT\n\n\n5\n"),
            std::string::npos);
}

TEST(SharedKey, a_table_requests_string_has_the_date_and_no_query_but_comp) {
  WireRequest request;
  request.query = {{"$filter", "x"}, {"comp", "acl"}};
  request.headers = {{"x-ms-date", "D"}, {"Content-Type", "application/json"}};
  EXPECT_EQ(string_to_sign(ServiceKind::table, "octo", "/t", request),
            "GET\n\napplication/json\nD\n/octo/t?comp=acl");
}

}  // namespace
}  // namespace cloudfolio::storage::azure
