#include "http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "http/curl_handles.h"
#include "http/url.h"

namespace cloudfolio::http {
namespace {

using namespace std::chrono_literals;

// All header lines together.
constexpr std::size_t kResponseHeaderBytesMax = 256 * kKiB;

// One request while the library performs it: what its callbacks read and write.
struct Transfer {
  const Context& ctx;
  const ClientRequest& request;
  Response response{};
  std::string body{};
  std::size_t sent_bytes = 0;
  std::size_t header_bytes = 0;
  bool header_too_large = false;
  bool too_large = false;
  std::size_t sent_count = 0;
  bool stopped = false;
};

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* given) {
  auto& transfer = *static_cast<Transfer*>(given);
  transfer.header_bytes += count;
  if (transfer.header_bytes > kResponseHeaderBytesMax) {
    transfer.header_too_large = true;
    return 0;  // Ends the transfer.
  }
  const std::string_view line(bytes, count);
  // A new status line starts a new header block (after 100 Continue, or trailers' absence).
  if (line.starts_with("HTTP/")) {
    transfer.response.headers = Headers();
    return count;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos)
    transfer.response.headers.add(std::string(trimmed(line.substr(0, colon))),
                                  std::string(trimmed(line.substr(colon + 1))));
  return count;
}

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* given) {
  auto& transfer = *static_cast<Transfer*>(given);
  if (transfer.body.size() + count > transfer.request.response_bytes_max) {
    transfer.too_large = true;
    return 0;  // Ends the transfer.
  }
  transfer.body.append(bytes, count);
  return count;
}

std::size_t give_body(char* into, std::size_t size, std::size_t count, void* given) {
  auto& transfer = *static_cast<Transfer*>(given);
  const std::string_view left = transfer.request.body.view().substr(transfer.sent_bytes);
  const std::size_t now = std::min(left.size(), size * count);
  left.copy(into, now);
  transfer.sent_bytes += now;
  return now;
}

// The library rewinds when it has to send a body again on a fresh connection.
int rewind_body(void* given, curl_off_t offset, int) {
  static_cast<Transfer*>(given)->sent_bytes = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

// Called on each connection before the request goes out on it; a second time where the library
// gives a kept connection up.
int check_resend(void* given, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(given);
  const bool again = ++transfer.sent_count > 1;
  return again && transfer.request.resend == Resend::never ? CURL_PREREQFUNC_ABORT
                                                           : CURL_PREREQFUNC_OK;
}

int check_stop(void* given, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(given);
  transfer.stopped = transfer.ctx.stopped();
  return transfer.stopped ? 1 : 0;
}

class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Status add_headers(const ClientRequest& request, HeaderList& list) {
  for (const auto& [name, value] : request.headers) {
    if (has_line_break(name) || has_line_break(value))
      return Error(Code::invalid_argument, "header " + name + " holds a line break");
    // curl drops "Name:" without a value; a semicolon sends it empty.
    list.add(value.empty() ? name + ";" : name + ": " + value);
  }
  list.add("Expect:");  // No round trip before the body.
  if (!request.headers.find("Content-Type")) list.add("Content-Type:");
  return Done{};
}

void set_method(CURL* curl, const ClientRequest& request, Transfer& transfer) {
  if (request.method == Method::head) {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool with_body = !request.body.empty() || request.method == Method::post ||
                         request.method == Method::put || request.method == Method::patch;
  if (with_body) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind_body);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size_bytes()));
  }
  const std::string method(to_string(request.method));
  if (with_body || request.method != Method::get)
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
}

class CurlClient final : public Client {
 public:
  CurlClient(ClientOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock), handles_(options_.idle_connections_max) {}

  Result<Response> send(const Context& ctx, const ClientRequest& request) override {
    CF_TRY(const Url url, parse_url(request.url));
    const std::string what = std::string(to_string(request.method)) + " " + url.origin() + url.path;
    auto response = perform(ctx, request);
    if (!response) return std::move(response).error().while_doing(what);
    return response;
  }

 private:
  Result<Response> perform(const Context& ctx, const ClientRequest& request) {
    if (ctx.stopped()) return Error(Code::cancelled, "stopped before it was sent");
    const auto left =
        ctx.deadline() == Clock::Instant::max()
            ? request.timeout
            : std::min(request.timeout,
                       std::chrono::ceil<std::chrono::milliseconds>(ctx.deadline() - clock_.now()));
    if (left <= 0ms) return Error(Code::deadline_exceeded, "the deadline had passed already");
    HeaderList headers;
    CF_CHECK(add_headers(request, headers));
    CurlHandles::Lent curl = handles_.lend();
    if (!curl.get()) return Error(Code::internal, "libcurl gave no handle");
    Transfer transfer{.ctx = ctx, .request = request};
    char failure[CURL_ERROR_SIZE] = "";
    set_options(curl.get(), request, headers, left, failure, transfer);
    const CURLcode result = curl_easy_perform(curl.get());
    if (result != CURLE_OK) return explain(result, failure, left, transfer);
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    transfer.response.body = std::move(transfer.body);
    return std::move(transfer.response);
  }

  void set_options(CURL* curl, const ClientRequest& request, const HeaderList& headers,
                   std::chrono::milliseconds left, char* failure, Transfer& transfer) const {
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY,
                     options_.proxy.c_str());  // "" also shuts the environment out.
    curl_easy_setopt(curl, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, options_.user_agent.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options_.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, failure);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, check_resend);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_stop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    // "" asks for every encoding that the library decodes; without it the body stays as sent.
    if (request.encoding == Encoding::any) curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    set_method(curl, request, transfer);
  }

  static Error explain(CURLcode result, const char* failure, std::chrono::milliseconds left,
                       const Transfer& transfer) {
    if (transfer.stopped) return Error(Code::cancelled, "stopped while waiting for the answer");
    if (transfer.header_too_large)
      return Error(Code::quota_exceeded, "the answer's header is larger than " +
                                             std::to_string(kResponseHeaderBytesMax) + " bytes");
    if (transfer.too_large)
      return Error(Code::quota_exceeded, "the answer is larger than " +
                                             std::to_string(transfer.request.response_bytes_max) +
                                             " bytes");
    if (result == CURLE_ABORTED_BY_CALLBACK && transfer.sent_count > 1)
      return Error(Code::unavailable, "the server closed a kept connection without an answer");
    const std::string detail = failure[0] ? failure : curl_easy_strerror(result);
    switch (result) {
      case CURLE_URL_MALFORMAT:
        return Error(Code::invalid_argument, detail);
      case CURLE_UNSUPPORTED_PROTOCOL:  // The URL's scheme was checked, so it is the answer's.
        return Error(Code::unavailable, "the server does not speak HTTP: " + detail);
      case CURLE_OPERATION_TIMEDOUT:
        return Error(
            Code::deadline_exceeded,
            "no whole answer within " + std::to_string(left.count()) + " ms (" + detail + ")");
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_RESOLVE_PROXY:
        return Error(Code::unavailable, "name not found: " + detail + "; is there a network?");
      case CURLE_COULDNT_CONNECT:
        return Error(Code::unavailable, "no connection: " + detail);
      case CURLE_SSL_CONNECT_ERROR:
        return Error(Code::unavailable, "TLS: " + detail);
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CERTPROBLEM:
      case CURLE_SSL_CIPHER:
      case CURLE_SSL_CACERT_BADFILE:  // Asking again changes no certificate: a setting must.
        return Error(Code::invalid_argument,
                     "TLS: " + detail + "; trust its authority with a CA file, if it is yours");
      case CURLE_GOT_NOTHING:
        return Error(Code::unavailable, "the server closed the connection without an answer");
      case CURLE_PARTIAL_FILE:
        return Error(Code::unavailable, "the answer broke off: " + detail);
      default:
        return Error(Code::unavailable, "connection failed: " + detail);
    }
  }

  const ClientOptions options_;
  const Clock& clock_;
  CurlHandles handles_;
};

}  // namespace

Result<std::unique_ptr<Client>> open_client(ClientOptions options, const Clock& clock) {
  // Thread-safe since libcurl 7.84, and counted.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return Error(Code::internal, "libcurl does not start");
  if (!options.ca_file.empty() && !std::filesystem::exists(options.ca_file))
    return Error(Code::invalid_argument,
                 "no such file of certificate authorities: " + options.ca_file.string());
  return std::make_unique<CurlClient>(std::move(options), clock);
}

}  // namespace cloudfolio::http
