#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "encoder/model.h"
#include "encoder/model_files.h"

namespace cloudfolio::encoder {
namespace {

namespace fs = std::filesystem;

Error from_errno(const std::string& what) {
  const Code code = errno == ENOENT || errno == ENOTDIR ? Code::not_found : Code::unavailable;
  return Error(code, what + ": " + std::strerror(errno));
}

// A file's bytes without copying them.
class MappedFile {
 public:
  static Result<MappedFile> open(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return from_errno(path.string());
    struct stat facts {};
    const bool known = ::fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
    const auto size = static_cast<std::size_t>(known ? facts.st_size : 0);
    void* data = MAP_FAILED;
    if (size > 0 && size <= kModelBytesMax) {
      data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    }
    ::close(file);
    if (data == MAP_FAILED) {
      return Error(Code::corrupt, path.string() + " is empty, too large or cannot be read");
    }
    return MappedFile(static_cast<const char*>(data), size);
  }
  MappedFile(MappedFile&& other) noexcept : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr;
  }
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {data_, size_}; }

 private:
  MappedFile(const char* data, std::size_t size) : data_(data), size_(size) {}
  const char* data_;
  std::size_t size_;
};

Result<std::string> read_file(const fs::path& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed) return Error(Code::not_found, path.string() + ": " + failed.message());
  if (size > kModelFileBytesMax) return Error(Code::corrupt, path.string() + " is too large");
  std::string bytes(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) {
    return Error(Code::unavailable, path.string() + " cannot be read");
  }
  return bytes;
}

// Settings, vocabularies and the model card; weights of other formats are left out.
bool is_text_file(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".json" || extension == ".txt" || extension == ".md";
}

// The files of the folder and of its direct subfolders.
Result<ModelFiles> read_files(const fs::path& folder) {
  ModelFiles files;
  std::error_code failed;
  fs::recursive_directory_iterator entry(folder, failed);
  if (failed) return Error(Code::not_found, folder.string() + ": " + failed.message());
  for (; entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    if (entry.depth() > 0) entry.disable_recursion_pending();
    if (!entry->is_regular_file(failed) || !is_text_file(entry->path())) continue;
    CF_TRY(files[entry->path().lexically_relative(folder).generic_string()],
           read_file(entry->path()));
  }
  if (failed) return Error(Code::unavailable, folder.string() + ": " + failed.message());
  return files;
}

// Under another name first, so that a reader never sees half a file.
class FileInProgress {
 public:
  explicit FileInProgress(fs::path path)
      : path_(std::move(path)), unfinished_(path_.string() + ".part") {
    file_.open(unfinished_, std::ios::binary | std::ios::trunc);
  }
  void write(const void* data, std::size_t bytes) {
    file_.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  }
  Status finish() {
    file_.close();
    std::error_code failed;
    if (!file_.fail()) fs::rename(unfinished_, path_, failed);
    if (!file_.fail() && !failed) return Done{};
    std::error_code ignored;
    fs::remove(unfinished_, ignored);
    return Error(Code::unavailable, "writing " + path_.string() + " failed: is the disk full?");
  }

 private:
  fs::path path_;
  fs::path unfinished_;
  std::ofstream file_;
};

}  // namespace

Result<Model> Model::load(const fs::path& folder) {
  CF_TRY(auto files, read_files(folder));
  auto prefix = encoder_prefix(files);
  if (!prefix) return std::move(prefix).error().while_doing("load model " + folder.string());
  CF_TRY(const auto mapped, MappedFile::open(folder / *prefix / kWeightsName));
  auto model = assemble(std::move(files), mapped.bytes());
  if (!model) return std::move(model).error().while_doing("load model " + folder.string());
  return model;
}

Status Model::save(const fs::path& folder) const {
  std::error_code failed;
  for (const auto& [path, bytes] : *files_) {
    fs::create_directories((folder / path).parent_path(), failed);
    FileInProgress file(folder / path);
    file.write(bytes.data(), bytes.size());
    CF_CHECK(file.finish());
  }
  fs::create_directories(folder / "2_Normalize", failed);
  CF_TRY(const auto prefix, encoder_prefix(*files_));
  FileInProgress file(folder / prefix / kWeightsName);
  const auto tensors = tensors_to_write(*layout_, weights());
  const std::string header = safetensors_header(tensors);
  file.write(header.data(), header.size());
  // The layout's order is that of the tensors, without gaps.
  file.write(weights().data(), weights().size_bytes());
  return file.finish();
}

}  // namespace cloudfolio::encoder
