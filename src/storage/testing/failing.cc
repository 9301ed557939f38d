#include "storage/testing/failing.h"

namespace cloudfolio::storage {

Result<Blob> FailingBlobStore::get(const Context& ctx, const BlobKey& key) {
  return faults_.run([&] { return real_.get(ctx, key); });
}

Result<std::optional<Blob>> FailingBlobStore::get_if_changed(const Context& ctx, const BlobKey& key,
                                                             const ETag& known) {
  return faults_.run([&] { return real_.get_if_changed(ctx, key, known); });
}

Result<BlobProperties> FailingBlobStore::head(const Context& ctx, const BlobKey& key) {
  return faults_.run([&] { return real_.head(ctx, key); });
}

Result<ETag> FailingBlobStore::put(const Context& ctx, const BlobKey& key, std::string bytes,
                                   const PutOptions& options) {
  return faults_.run([&] { return real_.put(ctx, key, std::move(bytes), options); });
}

Status FailingBlobStore::remove(const Context& ctx, const BlobKey& key,
                                const RemoveOptions& options) {
  return faults_.run([&] { return real_.remove(ctx, key, options); });
}

Result<BlobPage> FailingBlobStore::list(const Context& ctx, const ListOptions& options) {
  return faults_.run([&] { return real_.list(ctx, options); });
}

Result<LeaseId> FailingBlobStore::acquire_lease(const Context& ctx, const BlobKey& key,
                                                std::chrono::seconds length) {
  return faults_.run([&] { return real_.acquire_lease(ctx, key, length); });
}

Status FailingBlobStore::renew_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) {
  return faults_.run([&] { return real_.renew_lease(ctx, key, lease); });
}

Status FailingBlobStore::release_lease(const Context& ctx, const BlobKey& key,
                                       const LeaseId& lease) {
  return faults_.run([&] { return real_.release_lease(ctx, key, lease); });
}

Status FailingBlobStore::break_lease(const Context& ctx, const BlobKey& key) {
  return faults_.run([&] { return real_.break_lease(ctx, key); });
}

namespace {

class FailingReader final : public BlobReader {
 public:
  FailingReader(std::unique_ptr<BlobReader> real, Faults& faults)
      : real_(std::move(real)), faults_(faults) {}
  const BlobProperties& properties() const override { return real_->properties(); }
  Result<std::string> next(const Context& ctx) override {
    return faults_.run([&] { return real_->next(ctx); });
  }

 private:
  const std::unique_ptr<BlobReader> real_;
  Faults& faults_;
};

class FailingWriter final : public BlobWriter {
 public:
  FailingWriter(std::unique_ptr<BlobWriter> real, Faults& faults)
      : real_(std::move(real)), faults_(faults) {}
  Status write(const Context& ctx, std::string_view bytes) override {
    return faults_.run([&] { return real_->write(ctx, bytes); });
  }
  Result<ETag> commit(const Context& ctx) override {
    return faults_.run([&] { return real_->commit(ctx); });
  }

 private:
  const std::unique_ptr<BlobWriter> real_;
  Faults& faults_;
};

}  // namespace

Result<std::unique_ptr<BlobReader>> FailingBlobStore::open_reader(const Context& ctx,
                                                                  const BlobKey& key) {
  BlobStreams* const streams = streams_of(real_);
  if (!streams) return Error(Code::invalid_argument, "the real store passes whole blobs only");
  CF_TRY(auto reader, faults_.run([&] { return streams->open_reader(ctx, key); }));
  return std::make_unique<FailingReader>(std::move(reader), faults_);
}

Result<std::unique_ptr<BlobWriter>> FailingBlobStore::open_writer(const Context& ctx,
                                                                  const BlobKey& key,
                                                                  const PutOptions& options) {
  BlobStreams* const streams = streams_of(real_);
  if (!streams) return Error(Code::invalid_argument, "the real store passes whole blobs only");
  CF_TRY(auto writer, faults_.run([&] { return streams->open_writer(ctx, key, options); }));
  return std::make_unique<FailingWriter>(std::move(writer), faults_);
}

Result<MessageId> FailingQueue::send(const Context& ctx, std::string body,
                                     const SendOptions& options) {
  return faults_.run([&] { return real_.send(ctx, std::move(body), options); });
}

Result<std::vector<ReceivedMessage>> FailingQueue::receive(const Context& ctx,
                                                           const ReceiveOptions& options) {
  return faults_.run([&] { return real_.receive(ctx, options); });
}

Result<Renewal> FailingQueue::renew(const Context& ctx, const MessageId& id,
                                    const PopReceipt& receipt, const RenewOptions& options) {
  return faults_.run([&] { return real_.renew(ctx, id, receipt, options); });
}

Status FailingQueue::remove(const Context& ctx, const MessageId& id, const PopReceipt& receipt) {
  return faults_.run([&] { return real_.remove(ctx, id, receipt); });
}

Result<std::vector<Message>> FailingQueue::peek(const Context& ctx, std::size_t max_count) {
  return faults_.run([&] { return real_.peek(ctx, max_count); });
}

Result<std::uint64_t> FailingQueue::approximate_count(const Context& ctx) {
  return faults_.run([&] { return real_.approximate_count(ctx); });
}

Status FailingQueue::clear(const Context& ctx) {
  return faults_.run([&] { return real_.clear(ctx); });
}

Result<Wakeup> FailingQueue::wait_for_message(const Context& ctx, Clock::Instant until) {
  return real_.wait_for_message(ctx, until);
}

Result<Entity> FailingTable::get(const Context& ctx, const EntityKey& key) {
  return faults_.run([&] { return real_.get(ctx, key); });
}

Result<TablePage> FailingTable::query(const Context& ctx, const TableQuery& query) {
  return faults_.run([&] { return real_.query(ctx, query); });
}

Result<ETag> FailingTable::insert(const Context& ctx, const Entity& entity) {
  return faults_.run([&] { return real_.insert(ctx, entity); });
}

Result<ETag> FailingTable::upsert(const Context& ctx, const Entity& entity, Write write) {
  return faults_.run([&] { return real_.upsert(ctx, entity, write); });
}

Result<ETag> FailingTable::update(const Context& ctx, const Entity& entity, Write write,
                                  const UpdateIf& condition) {
  return faults_.run([&] { return real_.update(ctx, entity, write, condition); });
}

Status FailingTable::remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) {
  return faults_.run([&] { return real_.remove(ctx, key, condition); });
}

Result<BatchOutcome> FailingTable::batch(const Context& ctx,
                                         const std::vector<TableAction>& actions) {
  return faults_.run([&] { return real_.batch(ctx, actions); });
}

}  // namespace cloudfolio::storage
