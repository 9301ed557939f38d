#include "encoder/phase_times.h"

namespace cloudfolio::encoder {

std::string_view to_string(Phase phase) {
  constexpr std::array<std::string_view, kPhaseCount> kNames = {"plan",
                                                                "embed",
                                                                "qkv",
                                                                "attention",
                                                                "projection",
                                                                "norm",
                                                                "ffn1",
                                                                "gelu",
                                                                "ffn2",
                                                                "pool",
                                                                "loss",
                                                                "norm_backward",
                                                                "gelu_backward",
                                                                "attention_backward",
                                                                "data_gradients",
                                                                "weight_gradients",
                                                                "embed_backward",
                                                                "gradient_sum",
                                                                "optimizer",
                                                                "packing",
                                                                "waiting"};
  return kNames[static_cast<std::size_t>(phase)];
}

}  // namespace cloudfolio::encoder
