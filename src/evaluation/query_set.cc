#include "evaluation/query_set.h"

#include <array>
#include <utility>

#include "cache/bundle.h"
#include "json/json.h"
#include "training/pairs.h"

namespace cloudfolio::evaluation {
namespace {

struct NamedPart {
  std::string_view name;
  bool Withheld::*part;
};
constexpr std::array kParts = {
    NamedPart{"descriptions", &Withheld::descriptions}, NamedPart{"topics", &Withheld::topics},
    NamedPart{"languages", &Withheld::languages}, NamedPart{"contexts", &Withheld::contexts},
    NamedPart{"headings", &Withheld::headings}};

Error wrong(const std::string& what) {
  return {Code::invalid_argument,
          "query set: " + what + "; docs/formats/query-set.md has the form"};
}

std::string text_at(const json::Value& value, std::string_view key) {
  return std::string(json::find_string(value, key).value_or(""));
}

Result<Question> question_of(const json::Value& value, const std::string& place) {
  Question question;
  question.text = text_at(value, "query");
  question.kind = text_at(value, "kind");
  if (question.text.empty()) return wrong(place + " has no \"query\"");
  const json::Array* relevant = json::find_array(value, "relevant");
  if (relevant == nullptr || relevant->empty()) return wrong(place + " has no \"relevant\"");
  for (const json::Value& one : *relevant) {
    Relevant answer{text_at(one, "repository"), text_at(one, "path"), text_at(one, "heading")};
    if (answer.repository.empty()) return wrong(place + ": a relevant one has no \"repository\"");
    question.relevant.push_back(std::move(answer));
  }
  return question;
}

Result<Withheld> withheld_of(const json::Object& set) {
  Withheld withheld;
  if (const json::Array* parts = json::find_array(set, "withheld")) {
    for (const json::Value& value : *parts) {
      const auto name = json::as_string(value);
      bool known = false;
      for (const NamedPart& part : kParts) {
        if (!name || *name != part.name) continue;
        withheld.*part.part = true;
        known = true;
      }
      if (!known) return wrong("\"withheld\" names something that cannot be withheld");
    }
  }
  if (const json::Array* texts = json::find_array(set, "withheld_texts")) {
    if (texts->size() > kWithheldTextsMax) return wrong("too many \"withheld_texts\"");
    for (const json::Value& value : *texts) {
      const auto text = json::as_string(value);
      if (!text || text->empty()) return wrong("one of \"withheld_texts\" is no text");
      withheld.texts.emplace_back(*text);
    }
  }
  return withheld;
}

json::Object object_of(const Question& question) {
  json::Array relevant;
  for (const Relevant& one : question.relevant) {
    json::Object answer;
    answer["repository"] = one.repository;
    if (!one.path.empty()) answer["path"] = one.path;
    if (!one.heading.empty()) answer["heading"] = one.heading;
    relevant.push_back(std::move(answer));
  }
  json::Object object;
  if (!question.kind.empty()) object["kind"] = question.kind;
  object["query"] = question.text;
  object["relevant"] = std::move(relevant);
  return object;
}

}  // namespace

std::string_view to_string(Level level) {
  return level == Level::repository ? "repository" : "passage";
}

Result<QuerySet> query_set_from_json(std::string_view text) {
  auto parsed = json::parse_object(text);
  if (!parsed) return wrong(parsed.error().message());
  const json::Object& object = *parsed;
  if (json::find_string(object, "format").value_or("") != kQuerySetFormat) {
    return wrong("\"format\" is not \"" + std::string(kQuerySetFormat) + "\"");
  }
  QuerySet set;
  set.name = std::string(json::find_string(object, "name").value_or(""));
  set.login = std::string(json::find_string(object, "login").value_or(""));
  const auto level = json::find_string(object, "level").value_or("");
  if (level != "repository" && level != "passage") {
    return wrong("\"level\" is neither \"repository\" nor \"passage\"");
  }
  set.level = level == "repository" ? Level::repository : Level::passage;
  CF_TRY(set.withheld, withheld_of(object));
  const json::Array* queries = json::find_array(object, "queries");
  if (queries == nullptr || queries->empty()) return wrong("it has no \"queries\"");
  if (queries->size() > kQuerySetQueriesMax) return wrong("it has too many \"queries\"");
  for (const json::Value& value : *queries) {
    CF_TRY(Question question,
           question_of(value, "query " + std::to_string(set.questions.size() + 1)));
    set.questions.push_back(std::move(question));
  }
  return set;
}

std::string to_json(const QuerySet& set) {
  json::Object object;
  object["format"] = kQuerySetFormat;
  object["name"] = set.name;
  if (!set.login.empty()) object["login"] = set.login;
  object["level"] = to_string(set.level);
  json::Array parts;
  for (const NamedPart& part : kParts) {
    if (set.withheld.*part.part) parts.emplace_back(part.name);
  }
  object["withheld"] = std::move(parts);
  json::Array texts;
  for (const std::string& text : set.withheld.texts) texts.emplace_back(text);
  if (!texts.empty()) object["withheld_texts"] = std::move(texts);
  json::Array queries;
  for (const Question& question : set.questions) queries.push_back(object_of(question));
  object["queries"] = std::move(queries);
  return json::write_pretty(object) + "\n";
}

QuerySet held_out_questions(const cache::Bundle& bundle, std::uint64_t seed) {
  training::PairOptions options;
  options.seed = seed;
  const training::TrainingSet held_out = training::make_training_set(bundle, options);
  QuerySet set;
  set.name = "headings held out by seed " + std::to_string(seed);
  set.level = Level::passage;
  set.withheld.headings = true;
  for (const training::HeldOutQuery& query : held_out.queries) {
    set.questions.push_back({query.query, "heading", {{query.repository, {}, query.heading}}});
  }
  return set;
}

}  // namespace cloudfolio::evaluation
