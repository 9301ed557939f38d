#include "gateway/bundle_pages.h"

#include "base/time_text.h"
#include "gateway/original_time.h"
#include "json/json.h"

namespace cloudfolio::gateway {
namespace {

std::string etag_of(const PublishedBundle& bundle, BundlePages::Form form) {
  // An ETag's own characters only; two forms of one publication are two representations.
  std::string tag = form == BundlePages::Form::original ? "\"o-" : "\"v1-";
  for (const char c : bundle.etag)
    if (c > 0x20 && c < 0x7F && c != '"') tag += c;
  return tag + '"';
}

Result<std::string> original_page(const PublishedBundle& bundle, const std::string& shown_login) {
  json::ParseLimits limits;
  limits.bytes_max = kGiB;
  auto data = json::parse(*bundle.data, limits);
  if (!data) return Error(Code::corrupt, "published bundle: " + data.error().message());
  return json::write_pretty(json::Object{{"username", shown_login},
                                         {"fingerprint", bundle.fingerprint},
                                         {"last_modified", aware_time(bundle.last_modified)},
                                         {"size_bytes", bundle.size_bytes},
                                         {"data", *std::move(data)}});
}

std::string v1_page(const PublishedBundle& bundle, const std::string& shown_login) {
  std::string page = json::write(json::Object{{"login", shown_login},
                                              {"generation", bundle.generation},
                                              {"fingerprint", bundle.fingerprint},
                                              {"last_modified", to_text(bundle.last_modified)},
                                              {"size_bytes", bundle.size_bytes}});
  page.pop_back();
  page.reserve(page.size() + bundle.data->size() + 16);
  page += ",\"data\":";
  page += *bundle.data;
  page += '}';
  return page;
}

}  // namespace

BundlePages::BundlePages(Portfolios& portfolios, std::size_t bytes_max,
                         telemetry::MetricRegistry& metrics)
    : portfolios_(portfolios),
      bytes_max_(bytes_max),
      reads_(metrics.counters("cloudfolio_gateway_bundle_pages_total",
                              "Bundles asked for, by whether the page was made already.",
                              {{"outcome", {"hit", "miss"}}})) {}

Result<BundlePage> BundlePages::page(const Context& ctx, const TenantId& tenant,
                                     const std::string& shown_login, Form form) {
  CF_TRY(const PublishedBundle head, portfolios_.bundle_head(ctx, tenant));
  const std::string etag = etag_of(head, form);
  const std::string key = (form == Form::original ? "o " : "v1 ") + shown_login;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      if (found->second->page.etag == etag) {
        pages_.splice(pages_.begin(), pages_, found->second);
        reads_.with({"hit"}).add();
        return found->second->page;
      }
    }
  }
  reads_.with({"miss"}).add();
  return rendering_.get(ctx, key + ' ' + etag,
                        [&] { return render(ctx, tenant, shown_login, form); });
}

Result<BundlePage> BundlePages::render(const Context& ctx, const TenantId& tenant,
                                       const std::string& shown_login, Form form) {
  CF_TRY(const PublishedBundle bundle, portfolios_.bundle(ctx, tenant));
  if (!bundle.data) return Error(Code::internal, "a bundle came without its data");
  Result<std::string> text = form == Form::original
                                 ? original_page(bundle, shown_login)
                                 : Result<std::string>(v1_page(bundle, shown_login));
  if (!text) return std::move(text).error();
  BundlePage page{etag_of(bundle, form), std::make_shared<const std::string>(*std::move(text))};
  keep((form == Form::original ? "o " : "v1 ") + shown_login, page);
  return page;
}

void BundlePages::keep(const std::string& key, const BundlePage& page) {
  if (page.body->size() > bytes_max_) return;
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    bytes_ -= found->second->page.body->size();
    pages_.erase(found->second);
    by_key_.erase(found);
  }
  bytes_ += page.body->size();
  pages_.push_front({key, page});
  by_key_[key] = pages_.begin();
  while (bytes_ > bytes_max_) {
    bytes_ -= pages_.back().page.body->size();
    by_key_.erase(pages_.back().key);
    pages_.pop_back();
  }
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const std::size_t comma = if_none_match.find(',');
    std::string_view tag = if_none_match.substr(0, comma);
    if_none_match =
        comma == std::string_view::npos ? std::string_view() : if_none_match.substr(comma + 1);
    while (tag.starts_with(' ')) tag.remove_prefix(1);
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    if (tag.starts_with("W/")) tag.remove_prefix(2);  // If-None-Match compares weakly.
    if (tag == "*" || tag == etag) return true;
  }
  return false;
}

}  // namespace cloudfolio::gateway
