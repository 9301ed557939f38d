#pragma once
// Answers for people: the same JSON that --json prints, as text on standard output.
//
// Errors: internal where the text is not the object that was promised.

#include <string>

#include "base/result.h"
#include "json/json.h"

namespace cloudfolio::main {

Status show_sync(const std::string& report);
Status show_training(const std::string& report);
Status show_search(const std::string& answer);
Status show_status(const std::string& status);
// One orchestration with its progress, on a line.
void show_job(const json::Object& job);

}  // namespace cloudfolio::main
