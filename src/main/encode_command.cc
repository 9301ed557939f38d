#include <cstdio>
#include <iostream>

#include "encoder/encoder.h"
#include "main/commands.h"

namespace cloudfolio::main {
namespace {

// Written by hand: shortest text that reads back as the same float, and no tree of 384 values.
std::string json_line(const encoder::TokenIds& tokens, const std::vector<float>& vector) {
  std::string line = "{\"tokens\":[";
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    line += (i == 0 ? "" : ",") + std::to_string(tokens[i]);
  }
  line += "],\"vector\":[";
  char number[32];
  for (std::size_t i = 0; i < vector.size(); ++i) {
    std::snprintf(number, sizeof number, i == 0 ? "%.9g" : ",%.9g", static_cast<double>(vector[i]));
    line += number;
  }
  return line + "]}";
}

std::string text_line(const std::vector<float>& vector) {
  std::string line;
  char number[32];
  for (std::size_t i = 0; i < vector.size(); ++i) {
    std::snprintf(number, sizeof number, i == 0 ? "%.6f" : " %.6f", static_cast<double>(vector[i]));
    line += number;
  }
  return line;
}

}  // namespace

Status run_command(const Invocation& invocation, const EncodeCommand& command) {
  const std::string path = command.model.empty() ? invocation.config.encoder_model : command.model;
  auto opened = encoder::Encoder::open(path);
  if (!opened) {
    return std::move(opened).error().while_doing(
        command.model.empty() ? "open the base model (./dev setup fetches it)" : "open the model");
  }
  for (std::string text; std::getline(std::cin, text);) {
    CF_TRY(const auto vector, opened->embed_text(text));
    const std::string line = invocation.output == Output::json
                                 ? json_line(opened->tokens(text), vector)
                                 : text_line(vector);
    std::puts(line.c_str());
  }
  return Done{};
}

}  // namespace cloudfolio::main
