#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace cloudfolio::system_test {
namespace {

std::string environment_or(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::vector<std::string> child_environment(const std::map<std::string, std::string>& added) {
  std::map<std::string, std::string> all;
  for (const char* name : {"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "CLOUDFOLIO_BASE_MODEL",
                           "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) all[name] = value;
  }
  for (const auto& [name, value] : added) all[name] = value;
  std::vector<std::string> lines;
  for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "cloudfolio-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed: " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (std::getenv("CLOUDFOLIO_KEEP_TEST_FOLDERS") == nullptr) {
    std::filesystem::remove_all(path_, ignored);
  }
}

Process::Process(Options options) {
  std::array<int, 2> out{}, in{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(in.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe failed");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  if (!options.errors_file.empty()) {
    posix_spawn_file_actions_addopen(&actions, 2, options.errors_file.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  std::vector<std::string> arguments{program().string()};
  if (options.file_size_limit_blocks > 0) {
    // A disk that is full: no file grows beyond so many blocks of 512 bytes.
    const std::string limit = "ulimit -f " + std::to_string(options.file_size_limit_blocks);
    arguments = {"/bin/sh", "-c", limit + "; exec \"$0\" \"$@\"", program().string()};
  }
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment = child_environment(options.environment);
  const int failed = posix_spawn(&id_, arguments[0].c_str(), &actions, nullptr,
                                 pointers(arguments).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  output_ = out[0];
  if (failed != 0) throw std::runtime_error("cannot start " + arguments[0]);
  for (std::size_t sent = 0; sent < options.input.size();) {
    const ssize_t count = write(in[1], options.input.data() + sent, options.input.size() - sent);
    if (count <= 0) break;
    sent += static_cast<std::size_t>(count);
  }
  close(in[1]);
}

Process::~Process() {
  if (!ended_) {
    signal(SIGKILL);
    wait();
  }
  if (output_ >= 0) close(output_);
}

std::optional<std::string> Process::read_line() {
  for (;;) {
    if (const auto end = buffered_.find('\n'); end != std::string::npos) {
      std::string line = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> chunk;
    const ssize_t count = read(output_, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (buffered_.empty()) return std::nullopt;
      return std::exchange(buffered_, {});
    }
    buffered_.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

std::string Process::read_all() {
  std::string all;
  while (auto line = read_line()) all += *line + "\n";
  return all;
}

void Process::signal(int number) const {
  if (!ended_ && id_ > 0) kill(id_, number);
}

int Process::wait() {
  if (ended_) return *ended_;
  int status = 0;
  while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  ended_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return *ended_;
}

bool Process::running() {
  if (ended_) return false;
  int status = 0;
  if (waitpid(id_, &status, WNOHANG) != id_) return true;
  ended_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return false;
}

Finished run(Process::Options options) {
  const TemporaryFolder folder;
  if (options.errors_file.empty()) options.errors_file = folder.path() / "errors";
  const std::filesystem::path errors = options.errors_file;
  Process process(std::move(options));
  Finished finished;
  finished.output = process.read_all();
  finished.exit_code = process.wait();
  finished.errors = read_file(errors);
  return finished;
}

std::filesystem::path program() {
  return std::filesystem::path(environment_or("CLOUDFOLIO_BUILD_DIR", "build/release")) /
         "cloudfolio";
}

std::filesystem::path source_folder() {
  return environment_or("CLOUDFOLIO_SOURCE_DIR", ".");
}

std::optional<std::filesystem::path> corpus_folder() {
  const std::filesystem::path folder =
      environment_or("CLOUDFOLIO_CORPUS", (source_folder() / "../shared/corpus").string());
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return std::nullopt;
  return std::filesystem::canonical(folder);
}

std::filesystem::path base_model_folder() {
  const std::string cache =
      environment_or("XDG_CACHE_HOME", environment_or("HOME", "") + "/.cache");
  return environment_or("CLOUDFOLIO_BASE_MODEL", cache + "/cloudfolio/models/all-MiniLM-L6-v2");
}

bool base_model_present() {
  std::error_code ignored;
  return std::filesystem::exists(base_model_folder() / "model.safetensors", ignored);
}

}  // namespace cloudfolio::system_test
