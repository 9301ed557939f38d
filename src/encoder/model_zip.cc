#include <zip.h>

#include <cstring>
#include <memory>

#include "encoder/model.h"
#include "encoder/model_files.h"
#include "encoder/parameter_layout.h"

namespace cloudfolio::encoder {
namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

// 1 January 1980, the first moment of a zip's calendar.
constexpr zip_uint16_t kFirstDosDate = 0x21;

Error corrupt(const std::string& what) {
  return Error(Code::corrupt, "zip: " + what);
}

Result<Archive> open_archive(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = source == nullptr
                       ? nullptr
                       : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive == nullptr) {
    if (source != nullptr) zip_source_free(source);
    const std::string message = zip_error_strerror(&error);
    zip_error_fini(&error);
    return corrupt(message);
  }
  zip_error_fini(&error);
  return Archive(archive);
}

Result<std::string> read_entry(zip_t* archive, zip_uint64_t index, std::size_t bytes_max) {
  zip_stat_t facts;
  if (zip_stat_index(archive, index, 0, &facts) != 0) return corrupt("an entry cannot be read");
  if (facts.size > bytes_max) return corrupt(std::string(facts.name) + " is too large");
  std::string bytes(static_cast<std::size_t>(facts.size), '\0');
  const std::unique_ptr<zip_file_t, CloseEntry> file(zip_fopen_index(archive, index, 0));
  if (file == nullptr) return corrupt(std::string(facts.name) + " cannot be read");
  const zip_int64_t read = zip_fread(file.get(), bytes.data(), facts.size);
  char beyond = 0;  // Reading past the end makes libzip compare the checksum.
  if (read != static_cast<zip_int64_t>(facts.size) || zip_fread(file.get(), &beyond, 1) != 0) {
    return corrupt(std::string(facts.name) + " is damaged");
  }
  return bytes;
}

// "folder/modules.json" → "folder/": everything else lies beside modules.json.
Result<std::string> root_of(zip_t* archive) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), 0);
    const std::string_view path = name == nullptr ? "" : name;
    const auto slash = path.find('/');
    if (path == "modules.json") return std::string();
    if (slash != std::string_view::npos && path.substr(slash + 1) == "modules.json") {
      return std::string(path.substr(0, slash + 1));
    }
  }
  return corrupt("no modules.json");
}

bool is_text_name(std::string_view path) {
  return path.ends_with(".json") || path.ends_with(".txt") || path.ends_with(".md");
}

Status add_entry(zip_t* archive, const std::string& name, const void* data, std::size_t bytes) {
  zip_source_t* source = zip_source_buffer(archive, data, bytes, 0);
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    if (source != nullptr) zip_source_free(source);
    return Error(Code::internal, "zip: cannot add " + name);
  }
  const auto at = static_cast<zip_uint64_t>(index);
  zip_set_file_compression(archive, at, ZIP_CM_STORE, 0);
  zip_file_set_dostime(archive, at, 0, kFirstDosDate, 0);
  return Done{};
}

struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};

Result<std::string> read_source(zip_source_t* source) {
  zip_stat_t facts;
  if (zip_source_stat(source, &facts) != 0 || zip_source_open(source) != 0) {
    return Error(Code::internal, "zip: cannot read what was written");
  }
  std::string bytes(static_cast<std::size_t>(facts.size), '\0');
  const zip_int64_t read = zip_source_read(source, bytes.data(), facts.size);
  zip_source_close(source);
  if (read != static_cast<zip_int64_t>(facts.size)) {
    return Error(Code::internal, "zip: cannot read what was written");
  }
  return bytes;
}

}  // namespace

Result<Model> Model::from_zip(std::string_view bytes) {
  if (bytes.size() > kModelBytesMax) return corrupt("too large for a model");
  CF_TRY(const auto archive, open_archive(bytes));
  CF_TRY(const auto root, root_of(archive.get()));
  Files files;
  std::string weights;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* name = zip_get_name(archive.get(), index, 0);
    std::string_view path = name == nullptr ? "" : name;
    if (!path.starts_with(root)) continue;
    path.remove_prefix(root.size());
    // Files are only ever kept by name, but a model's own save() writes them: no way out of a
    // folder.
    if (path.starts_with('/') || path.find("..") != std::string_view::npos) {
      return corrupt("an entry's name leads out of the folder");
    }
    if (path == kWeightsName || path.ends_with("/" + std::string(kWeightsName))) {
      CF_TRY(weights, read_entry(archive.get(), index, kModelBytesMax));
    } else if (is_text_name(path)) {
      CF_TRY(files[std::string(path)], read_entry(archive.get(), index, kModelFileBytesMax));
    }
  }
  if (weights.empty()) return corrupt("no " + std::string(kWeightsName));
  auto model = assemble(std::move(files), weights);
  if (!model) return std::move(model).error().while_doing("model from zip");
  return model;
}

Result<std::string> Model::to_zip() const {
  zip_error_t error;
  zip_error_init(&error);
  const std::unique_ptr<zip_source_t, FreeSource> target(
      zip_source_buffer_create(nullptr, 0, 0, &error));
  if (target == nullptr) return Error(Code::internal, "zip: no memory");
  zip_source_keep(target.get());  // Once for the archive, once for reading it afterwards.
  zip_t* opened = zip_open_from_source(target.get(), ZIP_TRUNCATE, &error);
  zip_error_fini(&error);
  if (opened == nullptr) {
    zip_source_free(target.get());
    return Error(Code::internal, "zip: cannot begin an archive");
  }
  Archive archive(opened);
  for (const auto& [path, bytes] : *files_) {
    CF_CHECK(add_entry(archive.get(), path, bytes.data(), bytes.size()));
  }
  CF_TRY(const auto prefix, encoder_prefix(*files_));
  const auto tensors = tensors_to_write(*layout_, weights());
  std::string safetensors = safetensors_header(tensors);
  safetensors.append(reinterpret_cast<const char*>(weights().data()), weights().size_bytes());
  CF_CHECK(add_entry(archive.get(), prefix + std::string(kWeightsName), safetensors.data(),
                     safetensors.size()));
  if (zip_close(archive.get()) != 0) return Error(Code::internal, "zip: writing failed");
  [[maybe_unused]] zip_t* closed = archive.release();
  return read_source(target.get());
}

}  // namespace cloudfolio::encoder
