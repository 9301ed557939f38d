#pragma once
// Work: something to run once. Like std::function<void()>, but owns what cannot be copied.

#include <concepts>
#include <memory>
#include <utility>

namespace cloudfolio::runtime {

class Work {
 public:
  Work() = default;
  template <class Run>
  requires(!std::same_as<std::remove_cvref_t<Run>, Work> && std::invocable<Run&>) Work(Run run)
      : held_(std::make_unique<Holding<Run>>(std::move(run))) {}

  explicit operator bool() const { return held_ != nullptr; }
  void operator()() { held_->run(); }

 private:
  struct Held {
    virtual ~Held() = default;
    virtual void run() = 0;
  };
  template <class Run>
  struct Holding final : Held {
    explicit Holding(Run run) : run_(std::move(run)) {}
    void run() override { run_(); }
    Run run_;
  };
  std::unique_ptr<Held> held_;
};

}  // namespace cloudfolio::runtime
