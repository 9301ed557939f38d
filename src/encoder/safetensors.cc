#include "encoder/safetensors.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>

#include "encoder/bf16.h"
#include "json/json.h"

namespace cloudfolio::encoder {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

Error corrupt(const std::string& what) {
  return Error(Code::corrupt, "safetensors: " + what);
}

TensorType type_from(std::string_view name) {
  if (name == "F32") return TensorType::f32;
  if (name == "F16") return TensorType::f16;
  if (name == "BF16") return TensorType::bf16;
  return TensorType::other;
}

std::size_t element_bytes(TensorType type) {
  switch (type) {
    case TensorType::f32:
      return 4;
    case TensorType::f16:
    case TensorType::bf16:
      return 2;
    case TensorType::other:
      return 0;
  }
  return 0;
}

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int mantissa = half & 1023;
  float value = 0;
  if (exponent == 31) {
    value = mantissa == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(mantissa), -24);
  } else {
    value = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

// The product of the shape, if it stays below what a file can hold.
std::optional<std::size_t> element_count(const std::vector<std::size_t>& shape) {
  std::size_t count = 1;
  for (const std::size_t extent : shape) {
    if (extent != 0 && count > (std::size_t{1} << 40) / extent) return std::nullopt;
    count *= extent;
  }
  return count;
}

Result<TensorView> read_tensor(std::string name, const json::Value& entry, std::string_view data) {
  TensorView tensor;
  tensor.name = std::move(name);
  tensor.type = type_from(json::find_string(entry, "dtype").value_or(""));
  const json::Array* shape = json::find_array(entry, "shape");
  const json::Array* offsets = json::find_array(entry, "data_offsets");
  if (shape == nullptr || offsets == nullptr || offsets->size() != 2) {
    return corrupt(tensor.name + " has no shape or place");
  }
  for (const json::Value& extent : *shape) {
    const auto value = json::as_int(extent);
    if (!value || *value < 0) return corrupt(tensor.name + " has no usable shape");
    tensor.shape.push_back(static_cast<std::size_t>(*value));
  }
  const auto begin = json::as_int((*offsets)[0]);
  const auto end = json::as_int((*offsets)[1]);
  if (!begin || !end || *begin < 0 || *end < *begin) {
    return corrupt(tensor.name + " has no usable place");
  }
  if (static_cast<std::uint64_t>(*end) > data.size()) {
    return corrupt(tensor.name + " ends at byte " + std::to_string(*end) + ", but only " +
                   std::to_string(data.size()) + " are there: the file is cut");
  }
  tensor.bytes =
      data.substr(static_cast<std::size_t>(*begin), static_cast<std::size_t>(*end - *begin));
  const auto count = element_count(tensor.shape);
  const std::size_t size = element_bytes(tensor.type);
  if (!count || (size != 0 && *count * size != tensor.bytes.size())) {
    return corrupt(tensor.name + " has " + std::to_string(tensor.bytes.size()) +
                   " bytes, which is not its shape");
  }
  return tensor;
}

}  // namespace

Result<std::vector<TensorView>> parse_safetensors(std::string_view bytes) {
  std::uint64_t header_bytes = 0;
  if (bytes.size() < sizeof(header_bytes)) return corrupt("shorter than its first number");
  std::memcpy(&header_bytes, bytes.data(), sizeof(header_bytes));
  const std::string_view rest = bytes.substr(sizeof(header_bytes));
  if (header_bytes > kSafetensorsHeaderBytesMax || header_bytes > rest.size()) {
    return corrupt("the header is cut, or this is another kind of file");
  }
  const auto size = static_cast<std::size_t>(header_bytes);
  auto header = json::parse_object(rest.substr(0, size), {.bytes_max = kSafetensorsHeaderBytesMax});
  if (!header) return corrupt("the header is not JSON: " + header.error().message());
  std::vector<TensorView> tensors;
  for (const auto& entry : *header) {
    if (entry.key() == "__metadata__") continue;
    CF_TRY(auto tensor, read_tensor(std::string(entry.key()), entry.value(), rest.substr(size)));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

bool copy_values(const TensorView& tensor, float* out) {
  const std::size_t size = element_bytes(tensor.type);
  if (size == 0) return false;
  if (tensor.type == TensorType::f32) {
    std::memcpy(out, tensor.bytes.data(), tensor.bytes.size());
    return true;
  }
  for (std::size_t i = 0; i < tensor.bytes.size() / size; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, tensor.bytes.data() + i * size, size);
    out[i] =
        tensor.type == TensorType::f16 ? half_to_float(bits) : to_float(static_cast<Bf16>(bits));
  }
  return true;
}

std::string safetensors_header(const std::vector<TensorToWrite>& tensors) {
  json::Object header;
  header["__metadata__"] = json::Object{{"format", "pt"}};
  std::uint64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    std::uint64_t bytes = sizeof(float);
    json::Array shape;
    for (const std::size_t extent : tensor.shape) {
      bytes *= extent;
      shape.emplace_back(static_cast<std::int64_t>(extent));
    }
    header[tensor.name] =
        json::Object{{"dtype", "F32"},
                     {"shape", std::move(shape)},
                     {"data_offsets", json::Array{static_cast<std::int64_t>(offset),
                                                  static_cast<std::int64_t>(offset + bytes)}}};
    offset += bytes;
  }
  std::string text = json::write(json::Value(std::move(header)));
  text.resize((text.size() + 7) / 8 * 8, ' ');  // Tensors begin at a multiple of 8.
  const std::uint64_t size = text.size();
  std::string out(sizeof(size), '\0');
  std::memcpy(out.data(), &size, sizeof(size));
  return out + text;
}

}  // namespace cloudfolio::encoder
