#pragma once
// Which of linguist's types a file extension has, as lists separated by spaces (generated, see
// tools/make_file_types.py). Only file_types.cc reads them.

namespace cloudfolio::sync {

extern const char kProgrammingExtensions[];
extern const char kDataExtensions[];
extern const char kMarkupExtensions[];
extern const char kProseExtensions[];

}  // namespace cloudfolio::sync
