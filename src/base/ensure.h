#pragma once
// CF_ENSURE(condition, values…): a broken invariant is our bug, and going on could write wrong
// bytes.
//
// Checks us, never input. A request handler that meets the impossible but can fail alone returns
// Code::internal instead.

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

namespace cloudfolio {

[[noreturn]] inline void ensure_failed(const char* file, int line, const char* condition,
                                       const std::string& values) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s [%s]\n", file, line, condition, values.c_str());
  std::abort();
}

template <class... Values>
std::string listed(const Values&... values) {
  std::ostringstream out;
  ((out << values << ' '), ...);
  return out.str();
}

#define CF_ENSURE(condition, ...)                                            \
  ((condition) ? void()                                                      \
               : ::cloudfolio::ensure_failed(__FILE__, __LINE__, #condition, \
                                             ::cloudfolio::listed(__VA_ARGS__)))

}  // namespace cloudfolio
