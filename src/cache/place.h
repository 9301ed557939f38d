#pragma once
// Place: whose entries they are, and which of that tenant's two publications they belong to.
//
// What everybody may read and what only the holder of a right may read are two publications of one
// tenant, with keys, generations, fingerprints, indexes and models of their own. A Scope says with
// whose rights a private one was read: of one principal of one GitHub, so that another credential
// never finds it. It is a digest, and tells neither the token nor, by itself, the principal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"

namespace cloudfolio::cache {

class Scope {
 public:
  // Everybody's.
  Scope() = default;
  // Of the principal with GitHub's number `id` on the GitHub whose API is at `api_url`.
  static Scope of(std::string_view api_url, std::int64_t id);
  // As text() wrote it: 16 lower-case hex digits. nullopt for anything else.
  static std::optional<Scope> from(std::string_view text);

  bool is_public() const { return text_.empty(); }
  const std::string& text() const { return text_; }
  bool operator==(const Scope&) const = default;

 private:
  explicit Scope(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct Place {
  // A tenant by itself is its public place.
  Place(TenantId the_tenant, Scope the_scope = {})  // NOLINT(google-explicit-constructor)
      : tenant(std::move(the_tenant)), scope(std::move(the_scope)) {}

  TenantId tenant;
  Scope scope;
  bool operator==(const Place&) const = default;
};

// What content fingerprints and models of the place name as their scope: "public" or
// "private:{scope}".
std::string identity_scope(const Scope& scope);

}  // namespace cloudfolio::cache
