#include "fleet.h"

#include <signal.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace cloudfolio::system_test {

Fleet::Fleet(Installation& installation, std::string github_url)
    : installation_(installation), github_url_(std::move(github_url)) {
  for (const char* role : kRoles) start(role);
}

void Fleet::start(const std::string& role, const std::string& as) {
  const std::string name = as.empty() ? role : as;
  Process::Options options;
  options.arguments = {"serve",
                       "--role",
                       role,
                       "--listen",
                       listen_,
                       "--data",
                       installation_.data().string(),
                       "--github-url",
                       github_url_};
  options.environment = installation_.environment;
  options.errors_file = logs_.path() / (name + ".log");
  auto process = std::make_unique<Process>(std::move(options));
  const std::string line = process->read_line().value_or("");
  if (line.find("serves") == std::string::npos)
    throw std::runtime_error(name + " does not serve: " + line + log(name));
  if (role == "gateway") {
    const auto at = line.find("http://");
    url_ = line.substr(at, line.find(' ', at) - at);
    listen_ = url_.substr(std::string("http://").size());
  }
  processes_[name] = std::move(process);
}

void Fleet::kill(const std::string& name) {
  processes_.at(name)->signal(SIGKILL);
  processes_.at(name)->wait();
  processes_.erase(name);
}

int Fleet::terminate(const std::string& name) {
  processes_.at(name)->signal(SIGTERM);
  const int code = processes_.at(name)->wait();
  processes_.erase(name);
  return code;
}

std::string Fleet::log(const std::string& name) const {
  std::ifstream file(logs_.path() / (name + ".log"));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace cloudfolio::system_test
