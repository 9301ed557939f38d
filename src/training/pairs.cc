#include "training/pairs.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/random.h"
#include "json/json.h"
#include "retrieval/passages.h"
#include "retrieval/words.h"

namespace cloudfolio::training {
namespace {

constexpr std::size_t kSectionCharactersMin = 20;  // A shorter body answers nothing.
constexpr std::size_t kListCharactersMax = 600;

std::uint64_t group_of(std::string_view text) {
  // FNV-1a over the folded text; never 0, which means "no group".
  std::uint64_t hash = 1469598103934665603ULL;
  for (const char c : retrieval::folded(text)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return hash == 0 ? 1 : hash;
}

struct SectionText {
  std::size_t repository = 0;  // In the bundle.
  cache::DocumentKind kind = cache::DocumentKind::readme;
  std::string heading;
  std::string folded_heading;
  std::string above;  // The heading above it; may be empty.
  std::vector<std::string> passages;
};

std::string path_of(const cache::RepositoryEntry& entry, cache::DocumentKind kind) {
  for (const cache::DocumentRef& document : entry.documents) {
    if (document.kind == kind) return document.path;
  }
  return {};
}

constexpr cache::DocumentKind kDocuments[] = {cache::DocumentKind::readme,
                                              cache::DocumentKind::skills_index,
                                              cache::DocumentKind::architecture};

// The sections that say something, in the order of the bundle.
std::vector<SectionText> sections_of(const cache::Bundle& bundle,
                                     const std::vector<std::size_t>& documented) {
  std::vector<SectionText> out;
  for (const std::size_t r : documented) {
    const cache::RepositoryEntry& entry = bundle.repositories[r];
    for (const cache::DocumentKind kind : kDocuments) {
      const auto sections =
          retrieval::sections_of(entry.text_of(kind), retrieval::markup_of(path_of(entry, kind)));
      std::size_t last = static_cast<std::size_t>(-1);
      for (retrieval::Passage& passage : retrieval::passages_of(sections)) {
        if (passage.section != last) {
          last = passage.section;
          SectionText section;
          section.repository = r;
          section.kind = kind;
          section.heading = std::string(passage.heading());
          section.folded_heading = retrieval::folded(section.heading);
          const auto& path = passage.heading_path;
          if (path.size() > 1) section.above = path[path.size() - 2];
          out.push_back(std::move(section));
        }
        out.back().passages.push_back(std::move(passage.text));
      }
    }
  }
  std::erase_if(out, [](const SectionText& section) {
    std::size_t count = 0;
    for (const std::string& text : section.passages) count += text.size();
    return count < kSectionCharactersMin;
  });
  return out;
}

// A heading that can be asked: it has a word that says something.
bool is_question(const SectionText& section) {
  const auto words = retrieval::words_of(section.heading);
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.size() > 1 && !retrieval::is_stop_word(word);
  });
}

// Repositories by heading: one that several have is asked with the repository's name.
std::map<std::string, std::set<std::size_t>> owners_of(const std::vector<SectionText>& sections) {
  std::map<std::string, std::set<std::size_t>> owners;
  for (const SectionText& section : sections) {
    if (is_question(section)) owners[section.folded_heading].insert(section.repository);
  }
  return owners;
}

// The headings that judge, chosen by the seed alone.
std::set<std::string> held_out_of(const std::map<std::string, std::set<std::size_t>>& owners,
                                  std::uint64_t seed) {
  std::vector<std::string> headings;
  for (const auto& [heading, unused] : owners) headings.push_back(heading);
  Random random(seed);
  for (std::size_t i = headings.size(); i > 1; --i) {
    std::swap(headings[i - 1], headings[random.below(i)]);
  }
  const std::size_t quarter = headings.size() / 4;
  const std::size_t enough = std::min(kHeldOutQueriesMin, headings.size() / 2);
  headings.resize(std::max(quarter, enough));
  return {headings.begin(), headings.end()};
}

class PairWriter {
 public:
  PairWriter(TrainingSet& set, const PairOptions& options) : set_(set), options_(options) {}

  void add(std::string query, std::string positive, std::vector<std::string> phrasings = {}) {
    const auto blank = [](const std::string& text) {
      return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' '; });
    };
    if (blank(query) || blank(positive)) return;
    const std::uint64_t query_group = group_of(query);
    const std::uint64_t positive_group = group_of(positive);
    if (!seen_.insert({query_group, positive_group}).second) return;
    set_.pairs.push_back(
        {std::move(query), std::move(positive), std::move(phrasings), query_group, positive_group});
  }
  void add_all(const std::string& query, const SectionText& section, std::string_view name,
               const std::vector<std::string>& phrasings = {}) {
    const std::size_t count = std::min(section.passages.size(), options_.positives_per_section_max);
    for (std::size_t i = 0; i < count; ++i) {
      add(query, candidate_text(name, section.passages[i]), phrasings);
    }
  }

 private:
  TrainingSet& set_;
  const PairOptions& options_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;
};

// The strings of a context's field, whatever its shape, joined by ", ".
std::string strings_of(const json::Value* value) {
  std::string out;
  const auto append = [&](std::string_view text) {
    if (text.empty() || out.size() > kListCharactersMax) return;
    if (!out.empty()) out += ", ";
    out += text;
  };
  if (value == nullptr) return out;
  if (const auto text = json::as_string(*value)) append(*text);
  if (const json::Array* array = value->if_array()) {
    for (const json::Value& element : *array) {
      if (const auto text = json::as_string(element)) append(*text);
    }
  }
  return out;
}

// The original's pairs that come from .repo-context.json, each with the repository's name.
void add_context_pairs(const cache::RepositoryEntry& entry, PairWriter& out) {
  const auto context = json::parse(entry.repo_context);
  const std::string& name = entry.name;
  const auto add = [&](const std::string& question, std::string_view path) {
    const json::Value* value = context ? json::find_path(*context, path) : nullptr;
    const std::string strings = strings_of(value);
    if (!strings.empty()) out.add(question, candidate_text(name, strings));
  };
  const std::string description = entry.metadata.description.value_or("");
  if (!description.empty()) {
    out.add("What is " + name + "?", candidate_text(name, description));
  }
  add("Summarize the project " + name, "project_identity.description");
  add("Which technologies are used in " + name + "?", "tech_stack.primary");
  add("What supporting tools are used in " + name + "?", "tech_stack.secondary");
  add("What technical skills does " + name + " demonstrate?", "skill_manifest.technical");
  add("What domain knowledge does " + name + " cover?", "skill_manifest.domain");
  add("What are the deliverables of " + name + "?", "outcomes.deliverables");
  add("What skills were acquired with " + name + "?", "outcomes.skills_acquired");
}

std::string document_question(cache::DocumentKind kind, const std::string& name) {
  switch (kind) {
    case cache::DocumentKind::readme:
      return "Summarize the README of " + name;
    case cache::DocumentKind::skills_index:
      return "List the core skills demonstrated in " + name;
    case cache::DocumentKind::architecture:
      return "Describe the architecture of " + name;
    case cache::DocumentKind::context:
      break;
  }
  return {};
}

}  // namespace

std::string candidate_text(std::string_view repository, std::string_view text) {
  std::string out(repository);
  out += '\n';
  out += text;
  return out;
}

bool is_documented(const cache::RepositoryEntry& entry) {
  return std::any_of(std::begin(kDocuments), std::end(kDocuments), [&](cache::DocumentKind kind) {
    const std::string& text = entry.text_of(kind);
    return text.size() >= kProseCharactersMin &&
           retrieval::prose_character_count(retrieval::sections_of(
               text, retrieval::markup_of(path_of(entry, kind)))) >= kProseCharactersMin;
  });
}

TrainingSet make_training_set(const cache::Bundle& bundle, PairOptions options) {
  TrainingSet set;
  std::vector<std::size_t> documented;
  for (std::size_t r = 0; r < bundle.repositories.size(); ++r) {
    if (!is_documented(bundle.repositories[r])) continue;
    documented.push_back(r);
    set.documented.push_back(bundle.repositories[r].name);
  }
  const std::vector<SectionText> sections = sections_of(bundle, documented);
  const auto owners = owners_of(sections);
  const std::set<std::string> held_out = held_out_of(owners, options.seed);
  const auto question_of = [&](const SectionText& section) {
    const std::string& name = bundle.repositories[section.repository].name;
    const bool shared = owners.at(section.folded_heading).size() > 1;
    return shared ? name + " " + section.heading : section.heading;
  };
  // Never a held-out heading's words, and never a question that another repository answers too.
  const auto phrasings_of = [&](const SectionText& section) {
    const std::string& name = bundle.repositories[section.repository].name;
    const std::string named = name + " " + section.heading;
    std::vector<std::string> phrasings;
    if (question_of(section) != named) phrasings.push_back(named);
    const std::string above = retrieval::folded(section.above);
    if (!above.empty() && above != retrieval::folded(name) && !held_out.contains(above)) {
      const bool shared = owners.at(section.folded_heading).size() > 1;
      const std::string below = section.above + " " + section.heading;
      phrasings.push_back(shared ? name + " " + below : below);
    }
    return phrasings;
  };

  PairWriter pairs(set, options);
  std::map<std::pair<std::size_t, std::string>, std::size_t> query_at;
  std::set<std::pair<std::size_t, cache::DocumentKind>> introduced;
  std::size_t repository = static_cast<std::size_t>(-1);
  for (std::size_t s = 0; s < sections.size(); ++s) {
    const SectionText& section = sections[s];
    const cache::RepositoryEntry& entry = bundle.repositories[section.repository];
    for (const std::string& text : section.passages) {
      set.candidates.push_back({s, candidate_text(entry.name, text)});
    }
    if (section.repository != repository) {
      repository = section.repository;
      add_context_pairs(entry, pairs);
    }
    if (held_out.contains(section.folded_heading)) {
      const auto [at, added] = query_at.emplace(
          std::pair(section.repository, section.folded_heading), set.queries.size());
      if (added) set.queries.push_back({question_of(section), {}, entry.name, section.heading});
      set.queries[at->second].relevant_sections.push_back(s);
      continue;
    }
    // The first section that may be learnt stands for its document.
    if (introduced.insert({section.repository, section.kind}).second) {
      pairs.add_all(document_question(section.kind, entry.name), section, entry.name);
    }
    if (is_question(section)) {
      pairs.add_all(question_of(section), section, entry.name, phrasings_of(section));
    }
  }
  set.section_count = sections.size();
  return set;
}

std::string_view reason_against(const TrainingSet& set) {
  if (set.documented.size() < kDocumentedRepositoriesMin) return "too_few_repositories";
  if (set.queries.size() < kHeldOutQueriesMin || set.pairs.empty()) return "too_little_evidence";
  return {};
}

}  // namespace cloudfolio::training
