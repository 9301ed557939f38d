#include "storage/blob_streams.h"

namespace cloudfolio::storage {

BlobStreams* streams_of(BlobStore& blobs) {
  return dynamic_cast<BlobStreams*>(&blobs);
}

Status check_streamed_size(std::uint64_t before, std::size_t more) {
  if (more <= kBlobBytesMax && before <= kBlobBytesMax - more) return Done{};
  return Error(Code::invalid_argument,
               "a streamed blob exceeds " + std::to_string(kBlobBytesMax) + " bytes");
}

Error writer_is_spent() {
  return Error(Code::invalid_argument, "this writer has committed or failed; open another");
}

}  // namespace cloudfolio::storage
