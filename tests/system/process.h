#pragma once
// The real program as a child process: start it, read what it prints, signal it, wait for it.
//
// Errors are thrown as std::runtime_error: a test that cannot start the program has failed.

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cloudfolio::system_test {

// A folder that goes when the object does (kept where CLOUDFOLIO_KEEP_TEST_FOLDERS is set).
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Process {
 public:
  struct Options {
    std::vector<std::string> arguments;              // Without the program's own name.
    std::map<std::string, std::string> environment;  // Added to a bare PATH, HOME and TMPDIR.
    std::string input;                               // Standard input; closed after it.
    long file_size_limit_blocks = 0;                 // 0: no limit on the size of files.
    std::filesystem::path errors_file;               // Standard error; empty: kept in memory.
  };
  // Starts the program under test.
  explicit Process(Options options);
  ~Process();  // Kills it if it still runs.
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The next line of standard output; nullopt at its end.
  std::optional<std::string> read_line();
  // Everything else on standard output, to its end.
  std::string read_all();
  void signal(int number) const;
  // The exit code, or 128 + signal. Waits.
  int wait();
  bool running();
  pid_t id() const { return id_; }

 private:
  pid_t id_ = -1;
  int output_ = -1;
  std::string buffered_;
  std::optional<int> ended_;
};

struct Finished {
  int exit_code = 0;
  std::string output;
  std::string errors;
};
// Runs the program to its end.
Finished run(Process::Options options);

std::filesystem::path program();        // build/<preset>/cloudfolio
std::filesystem::path source_folder();  // The checkout.
// The corpus folder where it exists (CLOUDFOLIO_CORPUS, else ../shared/corpus beside the checkout).
std::optional<std::filesystem::path> corpus_folder();
// CLOUDFOLIO_BASE_MODEL, or where the per-user cache keeps the base model.
std::filesystem::path base_model_folder();
// Whether its weights are there.
bool base_model_present();

// Under a sanitizer programs take many times as long to start, and a tenth of the kills finds what
// it can find: the rest is the release build's.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace cloudfolio::system_test
