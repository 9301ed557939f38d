#include "main/show.h"

#include <algorithm>
#include <cstdio>

#include "json/json.h"

namespace cloudfolio::main {
namespace {

constexpr std::size_t kPassageShownMax = 300;
constexpr int kBarWidth = 20;

Result<json::Object> read(const std::string& text) {
  auto object = json::parse_object(text);
  if (!object) return Error(Code::internal, "unexpected answer: " + text.substr(0, 200));
  return object;
}

std::string text_at(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}
long long int_at(const json::Object& object, std::string_view key) {
  return json::find_int(object, key).value_or(0);
}
double number_at(const json::Object& object, std::string_view key) {
  return json::find_number(object, key).value_or(0);
}

// One line, no longer than what a screen shows of a passage.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (space && (line.empty() || line.back() == ' ')) continue;
    line += space ? ' ' : c;
    if (line.size() >= kPassageShownMax && space) return line + "…";
  }
  return line;
}

void show_result(std::size_t rank, const json::Object& result) {
  const std::string path = text_at(result, "path");
  std::printf("%2zu. %s", rank, text_at(result, "repository").c_str());
  if (!path.empty()) {
    std::printf("  %s:%lld-%lld", path.c_str(), int_at(result, "line_from"),
                int_at(result, "line_to"));
  }
  std::printf("  (%.3f)%s\n", number_at(result, "score"),
              text_at(result, "visibility") == "private" ? "  private" : "");
  if (const std::string heading = text_at(result, "heading"); !heading.empty()) {
    std::printf("    %s\n", heading.c_str());
  }
  std::printf("    %s\n", one_line(text_at(result, "passage")).c_str());
  if (const json::Object* why = json::find_object(result, "explain")) {
    std::printf("    %s\n", json::write(*why).c_str());
  }
}

// "training [##########----------] 20/40, loss 0.5312, 9 s left", or "queued: <why>".
std::string progress_text(const json::Object& job) {
  std::string shown = text_at(job, "phase");
  if (const std::string why = text_at(job, "why"); !why.empty()) return shown + ": " + why;
  const long long total = int_at(job, "total");
  if (total <= 0) return shown;
  const long long done = std::clamp(int_at(job, "done"), 0LL, total);
  const auto filled = static_cast<std::size_t>(done * kBarWidth / total);
  const auto open = static_cast<std::size_t>(kBarWidth) - filled;
  shown += " [" + std::string(filled, '#') + std::string(open, '-') + "] " + std::to_string(done) +
           "/" + std::to_string(total);
  char numbers[64] = "";
  if (json::find(job, "loss") != nullptr) {
    std::snprintf(numbers, sizeof numbers, ", loss %.4f, %.0f s left", number_at(job, "loss"),
                  number_at(job, "seconds_left"));
  }
  return shown + numbers;
}

}  // namespace

void show_job(const json::Object& job) {
  std::printf("  %-40s %s", text_at(job, "instance").c_str(), text_at(job, "status").c_str());
  if (text_at(job, "status") == "Running") std::printf("  %s", progress_text(job).c_str());
  if (const json::Object* error = json::find_object(job, "error")) {
    std::printf("  %s", text_at(*error, "message").c_str());
  }
  std::printf("\n");
}

Status show_sync(const std::string& report) {
  CF_TRY(const auto sync, read(report));
  std::printf(
      "%s: %lld repositories seen, %lld mirrored (%lld fetched, %lld unchanged), generation %lld\n",
      text_at(sync, "login").c_str(), int_at(sync, "seen"), int_at(sync, "mirrored"),
      int_at(sync, "fetched"), int_at(sync, "unchanged"), int_at(sync, "generation"));
  std::printf("%lld GitHub requests, %lld points, %.2f s\n", int_at(sync, "github_requests"),
              int_at(sync, "github_points"), number_at(sync, "seconds"));
  if (const json::Array* skipped = json::find_array(sync, "skipped")) {
    for (const json::Value& item : *skipped) {
      std::printf("  left out %s: %s\n",
                  std::string(json::find_string(item, "repository").value_or("")).c_str(),
                  std::string(json::find_string(item, "reason").value_or("")).c_str());
    }
  }
  return Done{};
}

Status show_training(const std::string& report) {
  CF_TRY(const auto training, read(report));
  std::printf("%lld pairs, %lld steps, %lld tokens, %.1f s\n", int_at(training, "pairs"),
              int_at(training, "steps"), int_at(training, "tokens"),
              number_at(training, "seconds"));
  if (int_at(training, "steps") > 0 && text_at(training, "reason") != "not_finite")
    std::printf("held-out nDCG@10: base %.3f, tuned %.3f; with words: base %.3f, tuned %.3f\n",
                number_at(training, "base_score"), number_at(training, "tuned_score"),
                number_at(training, "base_search"), number_at(training, "tuned_search"));
  const bool published = json::find_bool(training, "published").value_or(false);
  if (published) {
    std::printf("published: searches use the tuned model\n");
  } else {
    std::printf("not published: %s\n", text_at(training, "reason").c_str());
  }
  if (const std::string cut = text_at(training, "cut"); !cut.empty()) {
    std::printf("the run was cut short by training.%s\n", cut.c_str());
  }
  return Done{};
}

Status show_search(const std::string& answer) {
  CF_TRY(const auto search, read(answer));
  const json::Array* results = json::find_array(search, "results");
  std::size_t rank = 0;
  if (results != nullptr) {
    for (const json::Value& result : *results) {
      if (const auto* object = result.if_object()) show_result(++rank, *object);
    }
  }
  if (rank == 0) std::printf("nothing in this portfolio matches\n");
  const std::string model = text_at(search, "model");
  std::printf("mode %s%s%s, generation %lld, coverage %s\n", text_at(search, "mode").c_str(),
              model.empty() ? "" : ", model ", model.substr(0, 12).c_str(),
              int_at(search, "generation"), text_at(search, "coverage").c_str());
  if (const std::string why = text_at(search, "mode_reason"); !why.empty()) {
    std::printf("(%s)\n", why.c_str());
  }
  if (const json::Object* own = json::find_object(search, "private")) {
    std::printf("private: mode %s, generation %lld\n", text_at(*own, "mode").c_str(),
                int_at(*own, "generation"));
  }
  return Done{};
}

Status show_status(const std::string& status) {
  CF_TRY(const auto report, read(status));
  if (const json::Object* published = json::find_object(report, "published")) {
    std::printf("%s: generation %lld of %s, model %s, coverage %s\n",
                text_at(report, "login").c_str(), int_at(*published, "generation"),
                text_at(*published, "last_modified").c_str(),
                text_at(*published, "model").substr(0, 12).c_str(),
                text_at(*published, "coverage").c_str());
  } else {
    std::printf("%s: nothing published yet; run `cloudfolio sync %s`\n",
                text_at(report, "login").c_str(), text_at(report, "login").c_str());
  }
  if (const json::Value* own = json::find_path(report, "private.last_sync")) {
    if (const auto* sync = own->if_object()) {
      std::printf("private: generation %lld, %lld repositories seen, %lld mirrored\n",
                  int_at(*sync, "generation"), int_at(*sync, "seen"), int_at(*sync, "mirrored"));
    }
  }
  if (const std::string problem = text_at(report, "problem"); !problem.empty())
    std::printf("  %s\n", problem.c_str());
  if (const json::Array* jobs = json::find_array(report, "jobs")) {
    for (const json::Value& job : *jobs) {
      if (const auto* object = job.if_object()) show_job(*object);
    }
  }
  return Done{};
}

}  // namespace cloudfolio::main
