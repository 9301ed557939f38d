#include "evaluation/original_scorer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "json/json.h"
#include "search/text_embedder.h"

namespace cloudfolio::evaluation {
namespace {

struct Language {
  std::string_view name;
  std::string_view words;  // Joined by commas; its own name among them.
};
// The original's table.
constexpr Language kLanguages[] = {
    {"python", "python,py,django,flask,fastapi,pandas,numpy,pytorch,tensorflow"},
    {"javascript", "javascript,js,node,nodejs,react,vue,angular,express,next"},
    {"typescript", "typescript,ts"},
    {"java", "java,spring,springboot,maven,gradle"},
    {"c++", "cpp,cplus"},
    {"c#", "csharp,dotnet"},
    {"c", "c,brainfuck,limbo,m"},
    {"php", "php,laravel,symfony,composer,blade"},
    {"go", "golang,go"},
    {"rust", "rust"},
    {"kotlin", "kotlin"},
    {"swift", "swift"},
    {"ruby", "ruby,rails"},
    {"scala", "scala"},
    {"r", "r,rstudio"},
    {"matlab", "matlab"},
    {"sql", "sql,mysql,postgresql,sqlite,mongodb"},
    {"html", "html,html5"},
    {"css", "css,css3,scss,sass"},
    {"shell", "shell,bash,sh"},
    {"powershell", "powershell,ps1"},
    {"dockerfile", "docker,dockerfile"},
    {"yaml", "yaml,yml"},
    {"json", "json"},
    {"xml", "xml"},
    {"hcl", "hcl"},
    {"jinja", "jinja"},
    {"mako", "mako"},
    {"procfile", "procfile"},
    {"assembly", "assembly"},
    {"puppet", "puppet"}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : lower(text)) {
    const bool part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (part) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

std::string strings_of(const json::Value* value) {
  std::string out;
  const auto append = [&](const json::Value& one) {
    if (const auto text = json::as_string(one)) {
      out += (out.empty() ? "" : ", ") + std::string(*text);
    }
  };
  if (value == nullptr) return out;
  append(*value);
  if (const json::Array* array = value->if_array()) {
    for (const json::Value& element : *array) append(element);
  }
  return out;
}

class Sentences {
 public:
  explicit Sentences(const json::Value& context) : context_(context) {}

  void add(std::string_view before, std::string_view path) {
    const std::string strings = strings_of(json::find_path(context_, path));
    if (!strings.empty()) add_text(before, strings);
  }
  void add_text(std::string_view before, std::string_view strings) {
    if (!text_.empty()) text_ += '\n';
    text_ += std::string(before) + " " + std::string(strings) + ".";
  }
  std::string take() { return std::move(text_); }

 private:
  const json::Value& context_;
  std::string text_;
};

void add_common(Sentences& sentences) {
  sentences.add("Project Name:", "project_identity.name");
  sentences.add("Description:", "project_identity.description");
  sentences.add("Type:", "project_identity.type");
  sentences.add("Scope:", "project_identity.scope");
  sentences.add("Primary technologies include", "tech_stack.primary");
  sentences.add("Secondary tools include", "tech_stack.secondary");
  sentences.add("Key libraries:", "tech_stack.key_libraries");
}

std::string text_for_whitening(const cache::RepositoryEntry& entry, const json::Value& context) {
  Sentences sentences(context);
  add_common(sentences);
  const std::string topics = strings_of(json::find_path(context, "topics"));
  std::string own;
  for (const std::string& topic : entry.metadata.topics) own += (own.empty() ? "" : ", ") + topic;
  if (!topics.empty() || !own.empty()) sentences.add_text("Topics:", topics.empty() ? own : topics);
  sentences.add("Technical skills:", "skill_manifest.technical");
  sentences.add("Domain:", "skill_manifest.domain");
  return sentences.take();
}

std::string text_for_query(const json::Value& context) {
  Sentences sentences(context);
  add_common(sentences);
  sentences.add("Development tools used:", "tech_stack.development_tools");
  return sentences.take();
}

double type_score(const cache::CategorizedTypes& types) {
  const std::pair<std::int64_t, double> parts[] = {{types.programming, 3.0},
                                                   {types.data, 2.0},
                                                   {types.markup, 1.5},
                                                   {types.prose, 1.0},
                                                   {types.nil, 0.0}};
  double sum = 0;
  double count = 0;
  for (const auto& [files, weight] : parts) {
    sum += weight * static_cast<double>(files);
    count += static_cast<double>(files);
  }
  return count > 0 ? std::min(1.0, sum / (3.0 * count)) : 0.0;
}

}  // namespace

std::vector<std::string> languages_named(std::string_view query) {
  const std::vector<std::string> words = split_words(query);
  std::vector<std::string> named;
  for (const Language& language : kLanguages) {
    for (const std::string& word : words) {
      const std::string listed = "," + std::string(language.words) + ",";
      if (word.empty() || listed.find("," + word + ",") == std::string::npos) continue;
      named.emplace_back(language.name);
      break;
    }
  }
  return named;
}

Result<OriginalScorer> OriginalScorer::fit(const cache::Bundle& bundle,
                                           const search::TextEmbedder& model) {
  OriginalScorer scorer;
  std::vector<std::string> whitening_texts;
  std::vector<std::string> query_texts;
  std::vector<std::size_t> documented;
  for (std::size_t r = 0; r < bundle.repositories.size(); ++r) {
    const cache::RepositoryEntry& entry = bundle.repositories[r];
    Repository repository;
    for (const auto& [language, bytes] : entry.languages) {
      repository.languages.push_back(lower(language));
    }
    repository.type = type_score(entry.categorized_types);
    scorer.repositories_.push_back(std::move(repository));
    const auto context = json::parse(entry.repo_context);
    const bool counts =
        context && context->is_object() && !context->as_object().empty() && !entry.readme.empty();
    if (!counts) continue;
    whitening_texts.push_back(text_for_whitening(entry, *context));
    std::string text = text_for_query(*context);
    // The original takes a text that holds "None" for one that was not filled in.
    if (text.empty() || text.find("None") != std::string::npos) continue;
    documented.push_back(r);
    query_texts.push_back(std::move(text));
  }
  if (whitening_texts.empty()) return scorer;
  CF_TRY(const auto rows, model.embed_texts(whitening_texts));
  scorer.whitening_ = Whitening::fit(rows);
  if (query_texts.empty()) return scorer;
  CF_TRY(const auto vectors, model.embed_texts(query_texts));
  for (std::size_t i = 0; i < documented.size(); ++i) {
    scorer.repositories_[documented[i]].whitened = scorer.whitening_.apply(vectors[i]);
  }
  return scorer;
}

std::vector<float> OriginalScorer::scores(std::string_view query,
                                          std::span<const float> vector) const {
  const std::vector<std::string> named = languages_named(query);
  const std::vector<double> whitened =
      whitening_.component_count() > 0 ? whitening_.apply(vector) : std::vector<double>();
  std::vector<float> out;
  for (const Repository& repository : repositories_) {
    const double context =
        repository.whitened.size() == whitened.size()
            ? std::inner_product(whitened.begin(), whitened.end(), repository.whitened.begin(), 0.0)
            : 0.0;
    const auto has = [&](const std::string& language) {
      const auto& own = repository.languages;
      return std::find(own.begin(), own.end(), language) != own.end();
    };
    const auto shared = static_cast<double>(std::count_if(named.begin(), named.end(), has));
    const double language = named.empty() ? 0.0 : shared / static_cast<double>(named.size());
    const double total = language > 0 ? 0.6 * context + 0.25 * language + 0.15 * repository.type
                                      : 0.85 * context + 0.15 * repository.type;
    out.push_back(static_cast<float>(total));
  }
  return out;
}

}  // namespace cloudfolio::evaluation
