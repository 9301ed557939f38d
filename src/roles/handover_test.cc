#include "roles/handover.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <future>
#include <thread>

#include "http/server.h"
#include "roles/handover_words.h"

namespace cloudfolio::roles {
namespace {

constexpr auto kWhat = StoreLock::Of::orchestrations;

runtime::Descriptor listening() {
  runtime::Descriptor made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(made.get(), 8), 0);
  return made;
}

class Handover : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "cf-handover-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    // Longer than a socket's address may be.
    folder_ = name;
    data_ = folder_ / std::string(150, 'd');
    std::filesystem::create_directory(data_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<HandoverOffer> offer(runtime::Descriptor listener) {
    auto offered =
        HandoverOffer::open(data_, kWhat, std::move(listener), [this] { asked_.set_value(); });
    EXPECT_TRUE(offered) << offered.error().message();
    return *std::move(offered);
  }

  std::filesystem::path folder_;
  std::filesystem::path data_;
  std::promise<void> asked_;
  std::thread finishing_;
};

TEST_F(Handover, gives_the_socket_and_then_the_store) {
  auto listener = listening();
  const auto port = http::endpoint_of_listener(listener.get())->port;
  const auto server = offer(std::move(listener));
  auto taken = Takeover::ask(data_, kWhat);
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ(http::endpoint_of_listener((**taken).listener().get())->port, port);
  EXPECT_FALSE(server->was_asked());
  auto released = std::async(std::launch::async, [&] { return (**taken).release(); });
  asked_.get_future().wait();
  auto finished = std::async(std::launch::async, [&] { return server->finish(); });
  EXPECT_TRUE(released.get());
  EXPECT_TRUE((**taken).say_serving());
  EXPECT_EQ(finished.get(), HandoverOffer::End::taken);
}

TEST_F(Handover, a_successor_that_gives_up_early_changes_nothing) {
  const auto server = offer(listening());
  for (int i = 0; i < 3; ++i) {
    auto taken = Takeover::ask(data_, kWhat);
    ASSERT_TRUE(taken && *taken);
  }
  EXPECT_FALSE(server->was_asked());
  EXPECT_TRUE(*Takeover::ask(data_, kWhat));
}

TEST_F(Handover, a_successor_that_dies_late_leaves_the_server_to_serve_on) {
  const auto server = offer(listening());
  {
    auto taken = Takeover::ask(data_, kWhat);
    ASSERT_TRUE(taken && *taken);
    std::thread dies([&] { (void)(**taken).release(); });
    asked_.get_future().wait();
    // The other side reads "released" and is gone before it says another word.
    finishing_ = std::thread([&] { EXPECT_EQ(server->finish(), HandoverOffer::End::left_alone); });
    dies.join();
  }
  finishing_.join();
  EXPECT_TRUE(http::endpoint_of_listener(server->listener().get()));
}

TEST_F(Handover, without_a_gateway_only_the_store_changes_hands) {
  const auto server = offer({});
  auto taken = Takeover::ask(data_, kWhat);
  ASSERT_TRUE(taken && *taken);
  EXPECT_FALSE((**taken).listener());
}

TEST_F(Handover, where_nobody_offers_there_is_nothing_to_take) {
  EXPECT_FALSE(*Takeover::ask(data_, kWhat));
  EXPECT_FALSE(*Takeover::ask(data_ / "absent", kWhat));
  { const auto ended = offer({}); }
  EXPECT_FALSE(*Takeover::ask(data_, kWhat));
}

TEST_F(Handover, the_socket_is_the_users_alone) {
  const auto server = offer({});
  struct stat found {};
  ASSERT_EQ(stat((data_ / "handover.sock").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(Handover, another_conversation_than_ours_ends) {
  const auto server = offer({});
  const auto address = HandoverAddress::of(data_, kWhat);
  const auto socket = make_handover_socket();
  ASSERT_TRUE(connect_handover_socket(socket->get(), *address));
  ASSERT_TRUE(say_word(socket->get(), "take 9"));
  const auto answer = hear_word(socket->get(), std::chrono::seconds(20));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("went away"), std::string::npos);
}

}  // namespace
}  // namespace cloudfolio::roles
