#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "crypto/random_bytes.h"

namespace cloudfolio::crypto {
namespace {

// FIPS 180-2 appendix B, RFC 1321 appendix A.5, FIPS 180-1 appendix A.
TEST(Hash, agrees_with_the_published_vectors) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
}

// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
TEST(Hash, keyed_digests_agree_with_the_published_vectors) {
  EXPECT_EQ(to_hex(as_view(hmac_sha256(std::string(20, '\x0b'), "Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(as_view(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(as_view(hmac_sha256(Secret(std::string(131, '\xaa')),
                                       "Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hash, an_empty_key_is_an_empty_key_and_not_the_one_before) {
  (void)hmac_sha256("Jefe", "x");
  EXPECT_EQ(to_hex(as_view(hmac_sha256("", ""))),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hash, pieces_give_the_digest_of_the_whole_and_the_object_starts_anew) {
  Sha256 pieces;
  for (int round = 0; round < 2; ++round) {
    pieces.add("a");
    pieces.add("");
    pieces.add("bc");
    EXPECT_EQ(pieces.finish(), sha256("abc"));
  }
}

TEST(Hash, comparing_in_constant_time_still_compares) {
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secret2"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
}

// RFC 4648, section 10.
TEST(Encoding, agrees_with_the_published_vectors) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(to_hex("\x01\xab"), "01ab");
}

TEST(Encoding, reads_back_what_it_writes) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (std::size_t length = 0; length < 200; ++length) {
    std::string bytes;
    for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(random.below(256));
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
}

TEST(Encoding, refuses_what_it_would_not_have_written) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Z===", "Z*==", "Zm9v\n", "Zg==Zg==", "===="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  for (const char* text : {"Z", "Zh", "Z+", "Zm9v "}) EXPECT_FALSE(from_base64url(text)) << text;
  for (const char* text : {"a", "0g", " 00"}) EXPECT_FALSE(from_hex(text)) << text;
  EXPECT_EQ(from_hex("AB"), "\xab");
}

TEST(RandomBytes, differ_and_have_the_asked_length) {
  EXPECT_EQ(random_bytes(33).size(), 33u);
  EXPECT_EQ(random_hex(8).size(), 16u);
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random_uuid());
  EXPECT_EQ(seen.size(), 1'000u);
  const std::string uuid = *seen.begin();
  EXPECT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
}

}  // namespace
}  // namespace cloudfolio::crypto
