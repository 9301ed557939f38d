#include "search/answer.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace cloudfolio::search {
namespace {

// Of cosine + kCoverageShare · coverage: 32 of the sample's 34 questions are above, 21 of 200
// general ones (several of which the sample does speak of).
constexpr double kEvidence = 0.44;
constexpr double kCoverageShare = 0.3;
// Where no meaning is known.
constexpr double kCoverageEvidence = 0.60;
constexpr std::size_t kCommitDigits = 10;

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += "> ";
    append_escaped(out, text.substr(0, end));
    out += '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::string citation(const SearchResult& result) {
  std::string out = "— `" + result.repository;
  if (!result.path.empty()) {
    out += "/" + result.path + "`, lines " + std::to_string(result.line_from) + "–" +
           std::to_string(result.line_to);
  } else {
    out += "` (its description)";
  }
  if (!result.commit.empty()) out += ", commit `" + result.commit.substr(0, kCommitDigits) + "`";
  return out;
}

}  // namespace

bool is_evidence(const Hit& hit) {
  if (hit.exact != Exact::none) return true;
  if (!std::isfinite(hit.dense_raw)) return hit.coverage >= kCoverageEvidence;
  return hit.dense_raw + kCoverageShare * hit.coverage >= kEvidence;
}

std::string answer_text(std::string_view question, const std::vector<SearchResult>& results,
                        std::size_t total_repositories) {
  std::string out;
  if (total_repositories == 0) return "This portfolio has no repositories.";
  if (results.empty()) {
    out = "That is " + std::string(kNotInPortfolio) + ": none of its " +
          std::to_string(total_repositories) + " repositories says anything about \"";
    append_escaped(out, question);
    return out + "\".";
  }
  std::vector<std::string_view> order;
  for (const SearchResult& result : results) {
    if (std::find(order.begin(), order.end(), result.repository) == order.end()) {
      order.push_back(result.repository);
    }
  }
  out = order.size() == 1
            ? "One repository of this portfolio speaks of it."
            : std::to_string(order.size()) + " repositories of this portfolio speak of it.";
  for (const std::string_view repository : order) {
    out += "\n\n### " + std::string(repository) + "\n";
    for (const SearchResult& result : results) {
      if (result.repository != repository) continue;
      out += '\n';
      if (!result.heading.empty()) {
        out += "**";
        append_escaped(out, result.heading);
        out += "**\n\n";
      }
      append_quoted(out, result.passage);
      out += "\n" + citation(result) + "\n";
    }
  }
  out += "\n*Quoted from the repositories; no language model was asked.*";
  return out;
}

}  // namespace cloudfolio::search
