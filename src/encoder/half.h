#pragma once
// An IEEE half-precision float (fp16): 11 significant bits, from 6e-8 to 65,504. Only kernels
// compute with it.

#include <cstdint>

namespace cloudfolio::encoder {

enum class Half : std::uint16_t {};

}  // namespace cloudfolio::encoder
