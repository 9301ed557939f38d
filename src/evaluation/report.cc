#include <utility>

#include "evaluation/evaluation.h"
#include "json/json.h"

namespace cloudfolio::evaluation {
namespace {

json::Object object_of(const Interval& interval) {
  json::Object object;
  object["mean"] = interval.mean;
  object["low"] = interval.low;
  object["high"] = interval.high;
  return object;
}

}  // namespace

std::string to_json(const EvaluationReport& report) {
  json::Object object;
  object["name"] = report.name;
  object["login"] = report.login;
  object["level"] = to_string(report.level);
  object["questions"] = report.question_count;
  object["candidates"] = report.candidate_count;
  object["confidence"] = kIntervalConfidence;
  json::Array unanswerable;
  for (const std::string& question : report.unanswerable) unanswerable.emplace_back(question);
  object["unanswerable"] = std::move(unanswerable);
  json::Object rankings;
  for (const RankingReport& ranking : report.rankings) {
    json::Object one;
    one["ndcg_at_10"] = object_of(ranking.measures.ndcg10);
    one["mrr_at_10"] = object_of(ranking.measures.mrr10);
    one["recall_at_1"] = object_of(ranking.measures.recall1);
    one["recall_at_3"] = object_of(ranking.measures.recall3);
    one["recall_at_10"] = object_of(ranking.measures.recall10);
    rankings[ranking.name] = std::move(one);
  }
  object["rankings"] = std::move(rankings);
  return json::write(object);
}

}  // namespace cloudfolio::evaluation
