#include "runtime/service_manager.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <map>

namespace cloudfolio::runtime {
namespace {

EnvironmentLookup variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

TEST(ServiceManager, sockets_for_another_process_or_none_are_not_taken) {
  const std::string self = std::to_string(getpid());
  EXPECT_FALSE(*inherited_listener(variables({})));
  EXPECT_FALSE(*inherited_listener(variables({{"LISTEN_PID", "1"}, {"LISTEN_FDS", "1"}})));
  EXPECT_FALSE(*inherited_listener(variables({{"LISTEN_PID", self}, {"LISTEN_FDS", "0"}})));
}

TEST(ServiceManager, what_cannot_be_served_is_said) {
  const std::string self = std::to_string(getpid());
  const auto many = inherited_listener(variables({{"LISTEN_PID", self}, {"LISTEN_FDS", "2"}}));
  ASSERT_FALSE(many);
  EXPECT_NE(many.error().message().find("gave 2 sockets"), std::string::npos);
  const auto odd = inherited_listener(variables({{"LISTEN_PID", self}, {"LISTEN_FDS", "1x"}}));
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code(), Code::invalid_argument);
}

TEST(ServiceManager, is_told_by_file_and_by_abstract_name) {
  std::string folder = (std::filesystem::temp_directory_path() / "cf-notify-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  for (const std::string& name : {folder + "/notify", "@" + folder}) {
    const Descriptor manager(socket(AF_UNIX, SOCK_DGRAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_TRUE(tell_service_manager(name, "READY=1"));
    char told[32] = "";
    EXPECT_EQ(recv(manager.get(), told, sizeof told - 1, 0), 7);
    EXPECT_STREQ(told, "READY=1");
  }
  EXPECT_FALSE(tell_service_manager(folder + "/nobody", "READY=1"));
  EXPECT_TRUE(tell_service_manager("", "READY=1")) << "no manager, nothing to tell";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cloudfolio::runtime
