#include "http/message.h"

#include <algorithm>

namespace cloudfolio::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      return "OTHER";
  }
  return "OTHER";
}

Method method_from(std::string_view text) {
  for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                              Method::delete_, Method::options})
    if (to_string(method) == text) return method;
  return Method::other;
}

bool same_name(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [entry_name, value] : entries_)
    if (same_name(entry_name, name)) return value;
  return std::nullopt;
}

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  add(std::string(name), std::move(value));
}

void Headers::add(std::string name, std::string value) {
  entries_.emplace_back(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) { return same_name(entry.first, name); });
}

std::string_view Body::view() const {
  if (const auto* owned = std::get_if<std::string>(&bytes_)) return *owned;
  const auto& shared = std::get<std::shared_ptr<const std::string>>(bytes_);
  return shared ? std::string_view(*shared) : std::string_view();
}

void Body::share() {
  if (auto* owned = std::get_if<std::string>(&bytes_))
    bytes_ = std::make_shared<const std::string>(std::move(*owned));
}

std::optional<std::string_view> Request::find_query(std::string_view name) const {
  for (const auto& [parameter, value] : query)
    if (parameter == name) return value;
  return std::nullopt;
}

std::string_view Request::path_parameter(std::string_view name) const {
  const auto found = path_parameters.find(name);
  return found == path_parameters.end() ? std::string_view() : std::string_view(found->second);
}

// The registered names of RFC 9110 that we send or meet.
std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

}  // namespace cloudfolio::http
