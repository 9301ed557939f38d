#include "search/chunks.h"

#include <algorithm>
#include <utility>

#include "crypto/hash.h"
#include "json/json.h"
#include "retrieval/inline_text.h"
#include "retrieval/passages.h"

namespace cloudfolio::search {
namespace {

constexpr std::size_t kContextBytesMax = 1'500;
constexpr int kContextDepthMax = 6;

void append_joined(std::string& out, std::string_view text, std::string_view separator) {
  if (text.empty()) return;
  if (!out.empty()) out += separator;
  out += text;
}

// Every string below `value`, comma-separated.
void append_strings(const json::Value& value, std::string& out, int depth) {
  if (depth > kContextDepthMax || out.size() > kContextBytesMax) return;
  if (const auto text = json::as_string(value)) {
    append_joined(out, *text, ", ");
  } else if (const json::Array* array = value.if_array()) {
    for (const json::Value& element : *array) append_strings(element, out, depth + 1);
  } else if (const json::Object* object = value.if_object()) {
    for (const auto& entry : *object) append_strings(entry.value(), out, depth + 1);
  }
}

std::string spaced(std::string_view key) {
  std::string out(key);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

void append_labelled(std::string_view key, const json::Value& value, std::string& out) {
  if (const json::Object* object = value.if_object()) {
    for (const auto& entry : *object) {
      std::string strings;
      append_strings(entry.value(), strings, 0);
      if (!strings.empty()) {
        append_joined(out, spaced({entry.key().data(), entry.key().size()}) + ": " + strings, "; ");
      }
    }
    return;
  }
  std::string strings;
  append_strings(value, strings, 0);
  if (!strings.empty()) append_joined(out, spaced(key) + ": " + strings, "; ");
}

std::string path_of(const cache::RepositoryEntry& entry, cache::DocumentKind kind) {
  for (const cache::DocumentRef& document : entry.documents) {
    if (document.kind == kind && !document.path.empty()) return document.path;
  }
  // An entry that the old app wrote does not say; these are the names that it asked for.
  switch (kind) {
    case cache::DocumentKind::readme:
      return "README.md";
    case cache::DocumentKind::skills_index:
      return "SKILLS-INDEX.md";
    case cache::DocumentKind::architecture:
      return "ARCHITECTURE.md";
    case cache::DocumentKind::context:
      return ".repo-context.json";
  }
  return {};
}

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) append_joined(out, item, ", ");
  return out;
}

Chunk repository_chunk(const cache::RepositoryEntry& entry) {
  Chunk chunk;
  chunk.kind = Chunk::Kind::repository;
  append_joined(chunk.text, entry.metadata.description.value_or(""), "\n");
  if (!entry.metadata.topics.empty()) {
    append_joined(chunk.text, "Topics: " + list_of(entry.metadata.topics), "\n");
  }
  std::vector<std::string> languages;
  for (const auto& [language, bytes] : entry.languages) languages.push_back(language);
  if (languages.empty() && entry.metadata.language) languages.push_back(*entry.metadata.language);
  if (!languages.empty()) append_joined(chunk.text, "Languages: " + list_of(languages), "\n");
  append_joined(chunk.text, context_text(entry.repo_context), "\n");
  return chunk;
}

}  // namespace

std::string Chunk::heading_text() const {
  std::string out;
  for (const std::string& heading : heading_path) append_joined(out, heading, " > ");
  return out;
}

std::string context_text(std::string_view repo_context_json) {
  const auto context = json::parse(repo_context_json);
  if (!context) return {};
  std::string out;
  if (const json::Object* object = context->if_object()) {
    for (const std::string_view key :
         {"project_identity", "tech_stack", "skill_manifest", "outcomes", "topics", "description",
          "domain_expertise", "learning_outcomes", "skills", "technologies"}) {
      if (const json::Value* value = json::find(*object, key)) append_labelled(key, *value, out);
    }
  }
  if (out.empty()) append_strings(*context, out, 0);
  return std::string(retrieval::cut_utf8(out, kContextBytesMax));
}

std::string embedded_text(std::string_view repository, const Chunk& chunk) {
  std::string out(repository);
  // A title that only repeats the repository's name says nothing twice.
  for (const std::string& heading : chunk.heading_path) {
    if (heading != repository) append_joined(out, heading, " > ");
  }
  append_joined(out, chunk.text, "\n");
  return out;
}

ChunkHash chunk_hash(std::string_view repository, const Chunk& chunk) {
  const crypto::Sha256Digest digest = crypto::sha256(embedded_text(repository, chunk));
  ChunkHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

std::vector<Chunk> chunks_of(const cache::RepositoryEntry& entry) {
  std::vector<Chunk> chunks;
  chunks.push_back(repository_chunk(entry));
  for (const cache::DocumentKind kind :
       {cache::DocumentKind::readme, cache::DocumentKind::skills_index,
        cache::DocumentKind::architecture}) {
    const std::string& text = entry.text_of(kind);
    if (text.empty()) continue;
    const std::string path = path_of(entry, kind);
    const auto sections = retrieval::sections_of(text, retrieval::markup_of(path));
    for (retrieval::Passage& passage : retrieval::passages_of(sections)) {
      if (chunks.size() >= kChunksPerRepositoryMax) break;
      chunks.push_back({Chunk::Kind::document,
                        path,
                        std::move(passage.heading_path),
                        passage.line_from,
                        passage.line_to,
                        std::move(passage.text),
                        {}});
    }
  }
  for (Chunk& chunk : chunks) chunk.hash = chunk_hash(entry.name, chunk);
  return chunks;
}

}  // namespace cloudfolio::search
