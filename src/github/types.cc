#include "github/types.h"

namespace cloudfolio::github {

std::string_view file_name_of(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::readme:
      return "README.md";
    case DocumentKind::context:
      return ".repo-context.json";
    case DocumentKind::skills_index:
      return "SKILLS-INDEX.md";
    case DocumentKind::architecture:
      return "ARCHITECTURE.md";
  }
  return "";
}

std::string_view to_string(Document::State state) {
  switch (state) {
    case Document::State::absent:
      return "absent";
    case Document::State::present:
      return "present";
    case Document::State::truncated:
      return "truncated";
    case Document::State::binary:
      return "binary";
    case Document::State::unknown:
      return "unknown";
  }
  return "";
}

}  // namespace cloudfolio::github
