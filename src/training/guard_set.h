#pragma once
// 200 general questions, each with the passage that answers it, written for this project: what a
// tuned model must not forget.

#include <span>
#include <string_view>

namespace cloudfolio::training {

struct GuardPair {
  std::string_view question;
  std::string_view passage;
};
std::span<const GuardPair> guard_set();

}  // namespace cloudfolio::training
