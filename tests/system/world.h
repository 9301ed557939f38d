#pragma once
// A small world for tests of the whole program: a GitHub (the simulator, as a process), an
// installation with its own data folder, and the commands a person would type.

#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "json/json.h"
#include "process.h"

namespace cloudfolio::system_test {

// A call over HTTP, parsed where it is JSON. Fails the test by throwing where there is no answer.
struct Answer {
  int status = 0;
  json::Value body;
  std::string text;
  http::Headers headers = {};
};
Answer call(http::Method method, const std::string& url, const std::string& body = {},
            const http::Headers& headers = {});

class Simulator {
 public:
  explicit Simulator(const std::filesystem::path& corpus, std::vector<std::string> options = {});
  const std::string& url() const { return url_; }
  // Its control routes: /_sim/push, /_sim/faults, …
  json::Value control(const std::string& path, const json::Value& body);
  // Requests of any kind that were made of GitHub since the start.
  std::int64_t request_count();

 private:
  std::unique_ptr<Process> process_;
  std::string url_;
};

class Installation {
 public:
  explicit Installation(std::string github_url);
  // Runs a command with --data and --github-url; the last arguments may add to them.
  Finished run(std::vector<std::string> arguments);
  // The same with --json; throws with what was printed where the command failed.
  json::Value ask(std::vector<std::string> arguments);
  // Starts `serve` on a free port and waits until it answers.
  void serve();
  const std::string& url() const { return url_; }
  Process& server() { return *server_; }
  const std::filesystem::path& data() const { return data_; }
  std::string log() const;  // What the server wrote to standard error so far.
  std::map<std::string, std::string> environment;  // Added to each command.
  long file_size_limit_blocks = 0;                 // Of commands, not of the server.

 private:
  std::string github_url_;
  TemporaryFolder folder_;
  std::filesystem::path data_;
  std::unique_ptr<Process> server_;
  std::string url_;
};

std::filesystem::path sample_portfolio();
inline constexpr const char* kSampleLogin = "sample-dev";

// Field access that names what is missing.
std::int64_t integer(const json::Value& object, const std::string& path);
double number(const json::Value& object, const std::string& path);
std::string text(const json::Value& object, const std::string& path);
const json::Array& array(const json::Value& object, const std::string& path);

// The bundle's `data`, repositories sorted by name, keys sorted: equal portfolios give equal text.
std::string canonical_data(const json::Value& bundle);

}  // namespace cloudfolio::system_test
