#pragma once
// A world of owners: a GitHub that knows each one's token and shows each the own private
// repositories, and an installation that works with the first one's and serves them all.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "world.h"

namespace cloudfolio::system_test {

inline constexpr const char* kOperatorToken = "operator-token";

class OwnedWorld {
 public:
  // Each of `logins` has the token "{login}-token".
  explicit OwnedWorld(std::vector<std::string> logins) : logins_(std::move(logins)) {}

  // With a token as who has it, without one as anybody.
  Answer get(const std::string& path, const std::string& token = "");
  Answer post(const std::string& path, const std::string& body, const std::string& token = "");
  static http::Headers headers(const std::string& token);
  // Runs a refresh to its end, and the indexing after it; how the refresh ended.
  std::string refresh(const std::string& login, const std::string& token);
  // How an instance ended; "" where there is none.
  std::string ended(const std::string& instance);

  std::unique_ptr<Simulator> github;
  std::unique_ptr<Installation> installation;

 protected:
  // Before open(): in the corpus format, with `owner` and `name`.
  void write_repository(const json::Object& repository);
  void open(const std::map<std::string, std::string>& environment);

 private:
  const std::vector<std::string> logins_;
  TemporaryFolder folder_;
};

}  // namespace cloudfolio::system_test
