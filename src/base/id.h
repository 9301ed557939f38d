#pragma once
// Ids are types: two strings that mean different things do not convert into each other.

#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace cloudfolio {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}
  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Id&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.text_; }

 private:
  std::string text_;
};

using TenantId = Id<struct TenantIdTag>;      // A tenant, by GitHub login, case-folded.
using InstanceId = Id<struct InstanceIdTag>;  // An orchestration instance: "refresh:octocat".
using TraceId = Id<struct TraceIdTag>;        // W3C trace id, 32 lower-case hex digits.

}  // namespace cloudfolio

template <class Tag>
struct std::hash<cloudfolio::Id<Tag>> {
  std::size_t operator()(const cloudfolio::Id<Tag>& id) const noexcept {
    return std::hash<std::string>()(id.str());
  }
};
