#pragma once
// Log: events as JSON lines {time, level, event, username, trace_id, instance_id, fields…}.
//
//   log.warn(ctx, "lease.abandoned", {{"key", key.str()}, {"attempts_count", 3}, {"after", 30s}});
//
// An event has a stable dotted name and fields; tenant, trace and instance come from the context
// and are left out where they are empty. Log at the place that decides; an error that is returned
// is not also logged. Field names are snake_case and none of the seven above.
//
// Promises: one line, one write to the sink; lines of several threads never mix. A text longer than
// kLogFieldBytesMax is cut. A Secret cannot be logged: it does not compile.
// Threads: thread-safe.
// Errors: none reach the caller; a sink that fails is the operator's problem, not the request's.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/secret.h"

namespace cloudfolio::telemetry {

inline constexpr std::size_t kLogFieldBytesMax = 8 * 1024;

enum class Level : std::uint8_t { debug, info, warn, error, off };
std::string_view to_string(Level level);
Result<Level> level_from(std::string_view name);

// One name and value; lives for the call only (it views the caller's text).
class LogField {
 public:
  using Shown = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogField(std::string_view name, std::string_view text) : name_(name), value_(text) {}
  LogField(std::string_view name, const char* text) : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, const std::string& text)
      : LogField(name, std::string_view(text)) {}
  template <class Tag>
  LogField(std::string_view name, const Id<Tag>& id) : LogField(name, std::string_view(id.str())) {}
  LogField(std::string_view name, Code code) : LogField(name, to_string(code)) {}
  LogField(std::string_view name, const Error& error)
      : LogField(name, std::string_view(error.message())) {}
  LogField(std::string_view name, double number) : name_(name), value_(number) {}
  LogField(std::string_view name, std::same_as<bool> auto flag) : name_(name), value_(flag) {}
  template <class Number>
  requires(std::integral<Number> && !std::same_as<Number, bool>)
      LogField(std::string_view name, Number number)
      : name_(name) {
    if constexpr (std::signed_integral<Number>)
      value_ = static_cast<std::int64_t>(number);
    else
      value_ = static_cast<std::uint64_t>(number);
  }
  // Seconds, as a number.
  template <class Rep, class Period>
  LogField(std::string_view name, std::chrono::duration<Rep, Period> length)
      : LogField(name, std::chrono::duration<double>(length).count()) {}
  LogField(std::string_view name, const Secret& secret) = delete;

  std::string_view name() const { return name_; }
  const Shown& value() const { return value_; }

 private:
  std::string_view name_;
  Shown value_;
};

// Where lines go. write() gets one line with its newline; calls never overlap.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(std::string_view line) = 0;
};

// Standard error.
std::unique_ptr<LogSink> make_stderr_sink();
// Appends to a file.
Result<std::unique_ptr<LogSink>> open_file_sink(const std::filesystem::path& file);

// Keeps lines, for tests. Thread-safe.
class MemoryLogSink final : public LogSink {
 public:
  void write(std::string_view line) override;
  std::vector<std::string> lines() const;
  // The lines of one event.
  std::vector<std::string> lines_of(std::string_view event) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class Log {
 public:
  // `sink` and `clock` outlive the log.
  Log(LogSink& sink, const Clock& clock, Level level = Level::info);

  using Fields = std::initializer_list<LogField>;
  void debug(const Context& ctx, std::string_view event, Fields fields = {});
  void info(const Context& ctx, std::string_view event, Fields fields = {});
  void warn(const Context& ctx, std::string_view event, Fields fields = {});
  void error(const Context& ctx, std::string_view event, Fields fields = {});
  bool shows(Level level) const { return level >= level_; }

 private:
  void write(Level level, const Context& ctx, std::string_view event, Fields fields);

  LogSink& sink_;
  const Clock& clock_;
  const Level level_;
  std::mutex mutex_;
};

}  // namespace cloudfolio::telemetry
