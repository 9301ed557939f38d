#include "storage/azure/testing/azurite.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "crypto/encoding.h"

namespace cloudfolio::storage::azure {
namespace {

std::string emulator_folder() {
  const char* source = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  return std::string(source ? source : ".") + "/src/storage/azure/testing/emulator";
}

std::string account_name(int number) {
  char name[16];
  std::snprintf(name, sizeof name, "testing%03d", number);
  return name;
}

// Known to everybody, and good for nothing but an emulator of one test.
std::string account_key(const std::string& name) {
  return crypto::to_base64("key of an emulated account: " + name);
}

std::string accounts_variable() {
  std::string text = "AZURITE_ACCOUNTS=";
  for (int i = 0; i < Azurite::kAccounts; ++i)
    text += account_name(i) + ":" + account_key(account_name(i)) + ";";
  return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

Error not_started(const std::string& why) {
  return Error(Code::unavailable, "Azurite does not start: " + why);
}

}  // namespace

Result<std::string> azure_peers() {
  const std::string command = "sh '" + emulator_folder() + "/install.sh'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) return Error(Code::unavailable, "no shell");
  std::string said;
  char part[512];
  while (std::fgets(part, sizeof part, pipe)) said += part;
  while (!said.empty() && said.back() == '\n') said.pop_back();
  if (::pclose(pipe) != 0) return Error(Code::unavailable, said);
  return said;
}

Result<std::unique_ptr<Azurite>> Azurite::start(const Options& options) {
  CF_TRY(const std::string packages, azure_peers());
  std::unique_ptr<Azurite> azurite(new Azurite());
  CF_CHECK(azurite->launch(packages, options));
  CF_CHECK(azurite->read_ports());
  return azurite;
}

Result<Azurite*> Azurite::shared() {
  static const auto started = start({});
  if (!started) return started.error();
  return started->get();
}

Status Azurite::launch(const std::string& packages, const Options& options) {
  std::vector<std::string> arguments = {"node",
                                        emulator_folder() + "/start.cjs",
                                        packages,
                                        "--disableTelemetry",
                                        "--silent",
                                        "--blobPort",
                                        std::to_string(options.blob_port),
                                        "--queuePort",
                                        std::to_string(options.queue_port),
                                        "--tablePort",
                                        std::to_string(options.table_port)};
  if (options.folder.empty())
    arguments.push_back("--inMemoryPersistence");
  else
    arguments.insert(arguments.end(), {"-l", options.folder.string()});
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  for (const std::string& one : options.arguments)
    if (one == "--cert") scheme_ = "https";
  std::vector<std::string> environment = {accounts_variable()};
  for (const char* name : {"PATH", "HOME"})
    if (const char* value = std::getenv(name))
      environment.push_back(std::string(name) + "=" + value);
  const auto argv = pointers(arguments), env = pointers(environment);
  int to_child[2], from_child[2];
  if (::pipe2(to_child, O_CLOEXEC) != 0 || ::pipe2(from_child, O_CLOEXEC) != 0)
    return not_started(std::strerror(errno));
  id_ = ::fork();
  if (id_ == 0) {
    ::dup2(to_child[0], 0);
    ::dup2(from_child[1], 1);
    ::execvpe("node", argv.data(), env.data());
    ::_exit(127);
  }
  ::close(to_child[0]);
  ::close(from_child[1]);
  input_ = to_child[1];
  output_ = ::fdopen(from_child[0], "r");
  return id_ > 0 ? Status(Done{}) : not_started("no process");
}

std::string Azurite::read_line() {
  char line[512];
  return std::fgets(line, sizeof line, output_) ? line : "";
}

Status Azurite::read_ports() {
  int found = 0;
  std::string all;
  while (found < 3) {
    const std::string line = read_line();
    if (line.empty()) return not_started(all);
    all += line;
    const std::size_t at = line.find("successfully listen");
    if (at == std::string::npos) continue;
    const int which = line.find("Blob") != std::string::npos    ? 0
                      : line.find("Queue") != std::string::npos ? 1
                                                                : 2;
    ports_[which] = std::atoi(line.c_str() + line.rfind(':') + 1);
    ++found;
  }
  return Done{};
}

Account Azurite::next_account() {
  const int number = (*accounts_.lock())++;
  Account account;
  account.name = account_name(number % kAccounts);
  account.credential = SharedKey{Secret(account_key(account.name))};
  const auto url = [&](int port) {
    return scheme_ + "://127.0.0.1:" + std::to_string(port) + "/" + account.name;
  };
  account.blob_url = url(ports_[0]);
  account.queue_url = url(ports_[1]);
  account.table_url = url(ports_[2]);
  return account;
}

void Azurite::advance(std::chrono::seconds by) {
  const std::string line = "advance " + std::to_string(by.count()) + "\n";
  if (::write(input_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return;
  while (true) {
    const std::string said = read_line();
    if (said.empty() || said == "moved\n") break;
  }
  clock_.advance(by);
}

void Azurite::end(int signal) {
  if (id_ <= 0) return;
  ::kill(id_, signal);
  ::waitpid(id_, nullptr, 0);
  id_ = -1;
}

void Azurite::kill() {
  end(SIGKILL);
}

Azurite::~Azurite() {
  end(SIGTERM);
  if (input_ >= 0) ::close(input_);
  if (output_) std::fclose(output_);
}

}  // namespace cloudfolio::storage::azure
