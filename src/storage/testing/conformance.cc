#include "storage/testing/conformance.h"

#include <ostream>

namespace cloudfolio::storage {

void link_blob_store_conformance();
void link_blob_streams_conformance();
void link_lease_conformance();
void link_queue_conformance();
void link_table_conformance();

bool link_conformance_suites() {
  link_blob_store_conformance();
  link_blob_streams_conformance();
  link_lease_conformance();
  link_queue_conformance();
  link_table_conformance();
  return true;
}

void PrintTo(const Backend& backend, std::ostream* out) {
  *out << backend.name;
}

std::string name_of(const testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

}  // namespace cloudfolio::storage
