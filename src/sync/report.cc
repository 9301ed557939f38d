#include "sync/report.h"

#include "json/json.h"

namespace cloudfolio::sync {

namespace {

template <class Item, class Write>
json::Array array_of(const std::vector<Item>& items, Write&& write) {
  json::Array array;
  for (const Item& item : items) {
    if (array.size() == kReportedNamesMax) break;
    json::Object object;
    write(item, object);
    array.push_back(std::move(object));
  }
  return array;
}

std::string text(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

std::size_t count(const json::Object& object, std::string_view key) {
  const std::int64_t number = json::find_int(object, key).value_or(0);
  return number > 0 ? static_cast<std::size_t>(number) : 0;
}

template <class Take>
void each(const json::Object& from, std::string_view key, Take&& take) {
  if (const auto* array = json::find_array(from, key))
    for (const json::Value& value : *array)
      if (const auto* object = value.if_object()) take(*object);
}

}  // namespace

std::string to_json(const Report& report) {
  json::Object object;
  object["login"] = report.login;
  object["generation"] = report.generation;
  object["changed"] = report.changed;
  object["forced"] = report.forced;
  object["seen"] = report.seen;
  object["mirrored"] = report.mirrored;
  object["skipped"] = array_of(report.skipped, [](const Skipped& one, json::Object& out) {
    out["repository"] = one.repository;
    out["reason"] = one.reason;
  });
  object["skipped_count"] = report.skipped_count;
  object["fetched"] = report.fetched;
  object["unchanged"] = report.unchanged;
  json::Array gone;
  for (const std::string& name : report.gone)
    if (gone.size() < kReportedNamesMax) gone.emplace_back(name);
  object["gone"] = std::move(gone);
  object["renamed"] = array_of(report.renamed, [](const Rename& one, json::Object& out) {
    out["from"] = one.from;
    out["to"] = one.to;
  });
  object["problems"] =
      array_of(report.problems, [](const RepositoryProblem& one, json::Object& out) {
        out["repository"] = one.repository;
        out["code"] = one.problem.code;
        out["message"] = one.problem.message;
      });
  object["problems_count"] = report.problems_count;
  object["github_requests"] = report.github_requests;
  object["github_points"] = report.github_points;
  object["seconds"] = report.seconds;
  object["fingerprint"] = report.fingerprint;
  object["content_fingerprint"] = report.content_fingerprint;
  if (!report.resumes_at.empty()) object["resumes_at"] = report.resumes_at;
  return json::write(object);
}

Result<Report> report_from_json(std::string_view text_of_report) {
  CF_TRY(const json::Object object, json::parse_object(text_of_report));
  Report report;
  report.login = text(object, "login");
  report.generation = count(object, "generation");
  report.changed = json::find_bool(object, "changed").value_or(false);
  report.forced = json::find_bool(object, "forced").value_or(false);
  report.seen = count(object, "seen");
  report.mirrored = count(object, "mirrored");
  each(object, "skipped", [&](const json::Object& item) {
    report.skipped.push_back({text(item, "repository"), text(item, "reason")});
  });
  report.skipped_count = count(object, "skipped_count");
  report.fetched = count(object, "fetched");
  report.unchanged = count(object, "unchanged");
  if (const auto* gone = json::find_array(object, "gone"))
    for (const json::Value& value : *gone)
      report.gone.emplace_back(json::as_string(value).value_or(""));
  each(object, "renamed", [&](const json::Object& item) {
    report.renamed.push_back({text(item, "from"), text(item, "to")});
  });
  each(object, "problems", [&](const json::Object& item) {
    report.problems.push_back(
        {text(item, "repository"), {text(item, "code"), text(item, "message")}});
  });
  report.problems_count = count(object, "problems_count");
  report.github_requests = json::find_int(object, "github_requests").value_or(0);
  report.github_points = json::find_int(object, "github_points").value_or(0);
  report.seconds = json::find_number(object, "seconds").value_or(0);
  report.fingerprint = text(object, "fingerprint");
  report.content_fingerprint = text(object, "content_fingerprint");
  report.resumes_at = text(object, "resumes_at");
  return report;
}

}  // namespace cloudfolio::sync
