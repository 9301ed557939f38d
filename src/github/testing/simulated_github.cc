#include "github/testing/simulated_github.h"

#include <cstdlib>

namespace cloudfolio::github {
namespace {

std::filesystem::path source_folder() {
  // tidy: ctest tells tests where the sources are by the environment only.
  const char* folder = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  return folder ? folder : ".";
}

}  // namespace

std::filesystem::path sample_corpus() {
  return source_folder() / "tests" / "fixtures" / "github-sample";
}

std::filesystem::path shared_corpus() {
  // tidy: a developer names another corpus for the tests by the environment only.
  const char* named = std::getenv("CLOUDFOLIO_CORPUS");
  for (const std::filesystem::path& folder :
       {std::filesystem::path(named ? named : ""), source_folder() / ".." / "shared" / "corpus",
        source_folder() / ".." / ".." / "shared" / "corpus"})
    if (!folder.empty() && std::filesystem::is_regular_file(folder / "index.json")) return folder;
  return {};
}

void SimulatedGithub::serve(simulator::Options options) {
  if (options.corpus.empty()) options.corpus = sample_corpus();
  auto opened = simulator::Simulator::open(std::move(options), clock, random, log, metrics);
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  github = *std::move(opened);
}

Options SimulatedGithub::client_options() const {
  Options options;
  options.api_url = github->origin();
  options.token = Secret("ghp_simulated");
  return options;
}

std::unique_ptr<Client> SimulatedGithub::open_client(Options options) {
  if (options.token.empty() && options.api_url == Options().api_url) options = client_options();
  auto opened = Client::open(std::move(options), *http, clock, Random(11), log, metrics, pause);
  EXPECT_TRUE(opened.ok()) << opened.error().message();
  return *std::move(opened);
}

void SimulatedGithub::SetUp() {
  serve();
  auto opened = http::open_client({}, clock);
  ASSERT_TRUE(opened.ok());
  http = *std::move(opened);
  client = open_client();
}

json::Value SimulatedGithub::control(const std::string& name, const json::Object& body) {
  http::ClientRequest request;
  request.method = http::Method::post;
  request.url = github->origin() + "/_sim/" + name;
  request.body = json::write(body);
  const auto response = http->send(ctx, request);
  EXPECT_TRUE(response.ok());
  EXPECT_EQ(response->status, 200) << response->body.view();
  return json::parse(response->body.view()).value_or(nullptr);
}

std::vector<Repository> SimulatedGithub::all_repositories(Transport transport) {
  auto listing = client->list_repositories(ctx, login, transport);
  EXPECT_TRUE(listing.ok()) << listing.error().message();
  return listing ? std::move(listing->repositories) : std::vector<Repository>();
}

std::vector<RepositoryRef> SimulatedGithub::all_refs() {
  std::vector<RepositoryRef> refs;
  for (const Repository& repository : all_repositories()) refs.push_back(ref_of(repository));
  return refs;
}

FetchedRepository SimulatedGithub::fetch_one(const std::string& name, Transport transport) {
  for (const RepositoryRef& ref : all_refs()) {
    if (ref.name != name) continue;
    auto answer = client->fetch_details(ctx, {&ref, 1}, transport);
    EXPECT_TRUE(answer.ok()) << answer.error().message();
    if (answer) return answer->repositories.front();
  }
  ADD_FAILURE() << "no repository " << name;
  return {};
}

Details SimulatedGithub::details_of(const std::string& name, Transport transport) {
  const FetchedRepository fetched = fetch_one(name, transport);
  EXPECT_NE(fetched.details(), nullptr) << name;
  return fetched.details() ? *fetched.details() : Details();
}

}  // namespace cloudfolio::github
