#include "sqlite/readers.h"

#include <algorithm>

namespace cloudfolio::sqlite {

Result<std::unique_ptr<Readers>> Readers::open(Options options, std::size_t count) {
  options.access = Options::Access::read_only;
  std::vector<std::unique_ptr<Database>> idle;
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    CF_TRY(auto database, Database::open(options));
    idle.push_back(std::move(database));
  }
  return std::unique_ptr<Readers>(new Readers(std::move(idle)));
}

Readers::Lent Readers::borrow() {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [this] { return !idle_.empty(); });
  Lent lent(*this, std::move(idle_.back()));
  idle_.pop_back();
  return lent;
}

Readers::Lent::~Lent() {
  if (!database_) return;
  {
    const std::lock_guard lock(readers_->mutex_);
    readers_->idle_.push_back(std::move(database_));
  }
  readers_->given_back_.notify_one();
}

}  // namespace cloudfolio::sqlite
