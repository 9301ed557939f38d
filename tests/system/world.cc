#include "world.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/clock.h"
#include "shallow_model.h"

namespace cloudfolio::system_test {
namespace {

const Clock& the_clock() {
  static const SystemClock clock;
  return clock;
}

// "…http://127.0.0.1:40123…" on the first line of standard output.
std::string announced_url(Process& process, const std::string& what) {
  const auto line = process.read_line();
  if (!line)
    throw std::runtime_error(what + " printed nothing and left with " +
                             std::to_string(process.wait()));
  const auto begin = line->find("http");
  if (begin == std::string::npos)
    throw std::runtime_error(what + " announced no address: " + *line);
  return line->substr(begin, line->find_first_of(" \t\r", begin) - begin);
}

const json::Value& at(const json::Value& object, const std::string& path) {
  const json::Value* found = json::find_path(object, path);
  if (found == nullptr) {
    throw std::runtime_error("no '" + path + "' in " + json::write(object).substr(0, 2000));
  }
  return *found;
}

}  // namespace

Answer call(http::Method method, const std::string& url, const std::string& body,
            const http::Headers& headers) {
  static const auto client = http::open_client({}, the_clock());
  http::ClientRequest request;
  request.method = method;
  request.url = url;
  request.headers = headers;
  if (!body.empty()) {
    request.body = body;
    if (!headers.find("Content-Type")) request.headers.set("Content-Type", "application/json");
  }
  const auto response = (*client)->send(Context(), request);
  if (!response) throw std::runtime_error(url + ": " + response.error().message());
  Answer answer{response->status, nullptr, std::string(response->body.view()), response->headers};
  if (auto parsed = json::parse(answer.text)) answer.body = *std::move(parsed);
  return answer;
}

Simulator::Simulator(const std::filesystem::path& corpus, std::vector<std::string> options) {
  Process::Options start;
  start.arguments = {"github-sim", "--corpus", corpus.string(), "--listen", "127.0.0.1:0"};
  start.arguments.insert(start.arguments.end(), options.begin(), options.end());
  process_ = std::make_unique<Process>(std::move(start));
  url_ = announced_url(*process_, "github-sim");
}

json::Value Simulator::control(const std::string& path, const json::Value& body) {
  const Answer answer = call(http::Method::post, url_ + path, json::write(body));
  if (answer.status >= 300) throw std::runtime_error(path + ": " + answer.text);
  return answer.body;
}

std::int64_t Simulator::request_count() {
  return integer(call(http::Method::get, url_ + "/_sim/requests").body, "requests");
}

Installation::Installation(std::string github_url)
    : github_url_(std::move(github_url)), data_(folder_.path() / "data") {
  environment["GITHUB_TOKEN"] = "test-token";
  // Matrix products are nearly all of the time, and none of what a sanitizer reads.
  if (kSanitized && base_model_present()) environment["CLOUDFOLIO_BASE_MODEL"] = shallow_model();
}

Finished Installation::run(std::vector<std::string> arguments) {
  Process::Options options;
  options.arguments = std::move(arguments);
  options.arguments.insert(options.arguments.end(),
                           {"--data", data_.string(), "--github-url", github_url_});
  options.environment = environment;
  options.file_size_limit_blocks = file_size_limit_blocks;
  return system_test::run(std::move(options));
}

json::Value Installation::ask(std::vector<std::string> arguments) {
  const std::string name = arguments.empty() ? "" : arguments.front();
  arguments.push_back("--json");
  const Finished finished = run(std::move(arguments));
  auto parsed = json::parse(finished.output);
  if (finished.exit_code != 0 || !parsed) {
    throw std::runtime_error(name + " left with " + std::to_string(finished.exit_code) + "\n" +
                             finished.output + finished.errors);
  }
  return *std::move(parsed);
}

void Installation::serve() {
  Process::Options options;
  options.arguments = {"serve",        "--listen",     "127.0.0.1:0", "--data",
                       data_.string(), "--github-url", github_url_};
  options.environment = environment;
  options.errors_file = folder_.path() / "serve.log";
  server_ = std::make_unique<Process>(std::move(options));
  url_ = announced_url(*server_, "serve");
}

std::string Installation::log() const {
  std::ifstream file(folder_.path() / "serve.log");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::filesystem::path sample_portfolio() {
  return source_folder() / "samples" / "portfolio";
}

std::int64_t integer(const json::Value& object, const std::string& path) {
  const auto value = json::as_int(at(object, path));
  if (!value) throw std::runtime_error("'" + path + "' is no integer");
  return *value;
}

double number(const json::Value& object, const std::string& path) {
  const auto value = json::as_number(at(object, path));
  if (!value) throw std::runtime_error("'" + path + "' is no number");
  return *value;
}

std::string text(const json::Value& object, const std::string& path) {
  const auto value = json::as_string(at(object, path));
  if (!value) throw std::runtime_error("'" + path + "' is no text");
  return std::string(*value);
}

const json::Array& array(const json::Value& object, const std::string& path) {
  const json::Value& value = at(object, path);
  if (!value.is_array()) throw std::runtime_error("'" + path + "' is no array");
  return value.get_array();
}

std::string canonical_data(const json::Value& bundle) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const json::Value& repository : array(bundle, "data")) {
    entries.emplace_back(text(repository, "name"), json::python_dumps(repository));
  }
  std::sort(entries.begin(), entries.end());
  std::string all;
  for (const auto& [name, entry] : entries) all += entry + "\n";
  return all;
}

}  // namespace cloudfolio::system_test
