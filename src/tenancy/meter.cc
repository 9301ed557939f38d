#include "tenancy/meter.h"

namespace cloudfolio::tenancy {

std::string_view to_string(Meter meter) {
  switch (meter) {
    case Meter::storage_bytes:
      return "storage_bytes";
    case Meter::orchestrations:
      return "orchestrations";
    case Meter::trainings:
      return "trainings";
    case Meter::github_calls:
      return "github_calls";
  }
  return "";
}

std::optional<Meter> meter_from(std::string_view name) {
  for (const Meter meter : kMeters)
    if (to_string(meter) == name) return meter;
  return std::nullopt;
}

std::chrono::seconds window_of(Meter meter) {
  switch (meter) {
    case Meter::storage_bytes:
      return std::chrono::seconds(0);
    case Meter::orchestrations:
      return std::chrono::hours(24);
    case Meter::trainings:
      return std::chrono::hours(7 * 24);
    case Meter::github_calls:
      return std::chrono::hours(1);
  }
  return std::chrono::seconds(0);
}

std::int64_t default_limit_of(Meter meter) {
  constexpr std::int64_t kStorageBytes = 100'000'000;
  switch (meter) {
    case Meter::storage_bytes:
      return kStorageBytes;
    case Meter::orchestrations:
      return 50;
    case Meter::trainings:
      return 2;
    case Meter::github_calls:
      return 0;
  }
  return 0;
}

std::string_view to_string(StorageClass storage_class) {
  switch (storage_class) {
    case StorageClass::content:
      return "content";
    case StorageClass::working:
      return "working";
    case StorageClass::model:
      return "model";
  }
  return "";
}

}  // namespace cloudfolio::tenancy
