#include "telemetry/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/time_text.h"

namespace cloudfolio::telemetry {
namespace {

// Telemetry stands beside json/, not above it, so it escapes its own strings. Bytes that are not
// UTF-8 are replaced, so that a line is always JSON.
std::size_t utf8_length_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
  };
  const unsigned lead = byte(at);
  const unsigned next = byte(at + 1);
  const auto follows = [&](std::size_t index) { return (byte(index) & 0xC0u) == 0x80u; };
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return follows(at + 1) ? 2 : 0;
  if (lead >= 0xE0 && lead < 0xF0) {
    const bool overlong = lead == 0xE0 && next < 0xA0;
    const bool surrogate = lead == 0xED && next >= 0xA0;
    return !overlong && !surrogate && follows(at + 1) && follows(at + 2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead < 0xF5) {
    const bool overlong = lead == 0xF0 && next < 0x90;
    const bool beyond = lead == 0xF4 && next >= 0x90;
    const bool whole = follows(at + 1) && follows(at + 2) && follows(at + 3);
    return !overlong && !beyond && whole ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[at++];
    } else if (byte == '\n') {
      out += "\\n";
      ++at;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
      ++at;
    } else if (const std::size_t length = utf8_length_at(text, at); length > 0) {
      out.append(text, at, length);
      at += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++at;
    }
  }
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  if (text.size() > kLogFieldBytesMax) {
    std::size_t cut = kLogFieldBytesMax;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    append_escaped(out, text.substr(0, cut));
    out += "…";
  } else {
    append_escaped(out, text);
  }
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_name(std::string& out, std::string_view name) {
  out += out.size() > 1 ? "," : "";
  append_text(out, name);
  out += ':';
}

void append_field(std::string& out, std::string_view name, const LogField::Shown& value) {
  append_name(out, name);
  if (const auto* text = std::get_if<std::string_view>(&value))
    append_text(out, *text);
  else if (const auto* flag = std::get_if<bool>(&value))
    out += *flag ? "true" : "false";
  else if (const auto* number = std::get_if<std::int64_t>(&value))
    append_number(out, *number);
  else if (const auto* large = std::get_if<std::uint64_t>(&value))
    append_number(out, *large);
  else if (const auto* real = std::get_if<double>(&value); real && std::isfinite(*real))
    append_number(out, *real);
  else
    out += "null";
}

class DescriptorSink final : public LogSink {
 public:
  enum class Owned { no, yes };
  DescriptorSink(int descriptor, Owned owned) : descriptor_(descriptor), owned_(owned) {}
  ~DescriptorSink() override {
    if (owned_ == Owned::yes) ::close(descriptor_);
  }
  DescriptorSink(const DescriptorSink&) = delete;
  DescriptorSink& operator=(const DescriptorSink&) = delete;

  void write(std::string_view line) override {
    while (!line.empty()) {
      const ssize_t written = ::write(descriptor_, line.data(), line.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;  // A full disk or closed pipe must not stop a request.
      line.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  const int descriptor_;
  const Owned owned_;
};

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
    case Level::off:
      return "off";
  }
  return "off";
}

Result<Level> level_from(std::string_view name) {
  for (const Level level : {Level::debug, Level::info, Level::warn, Level::error, Level::off})
    if (to_string(level) == name) return level;
  return Error(Code::invalid_argument, "no such log level '" + std::string(name) +
                                           "': use debug, info, warn, error or off");
}

std::unique_ptr<LogSink> make_stderr_sink() {
  return std::make_unique<DescriptorSink>(STDERR_FILENO, DescriptorSink::Owned::no);
}

Result<std::unique_ptr<LogSink>> open_file_sink(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (descriptor < 0)
    return Error(Code::invalid_argument,
                 "open log file " + file.string() + ": " + std::strerror(errno));
  return std::make_unique<DescriptorSink>(descriptor, DescriptorSink::Owned::yes);
}

void MemoryLogSink::write(std::string_view line) {
  const std::lock_guard lock(mutex_);
  lines_.emplace_back(line.substr(0, line.find('\n')));
}

std::vector<std::string> MemoryLogSink::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::vector<std::string> MemoryLogSink::lines_of(std::string_view event) const {
  const std::string wanted = "\"event\":\"" + std::string(event) + "\"";
  std::vector<std::string> found;
  for (std::string& line : lines())
    if (line.find(wanted) != std::string::npos) found.push_back(std::move(line));
  return found;
}

Log::Log(LogSink& sink, const Clock& clock, Level level)
    : sink_(sink), clock_(clock), level_(level) {}

void Log::debug(const Context& ctx, std::string_view event, Fields fields) {
  write(Level::debug, ctx, event, fields);
}
void Log::info(const Context& ctx, std::string_view event, Fields fields) {
  write(Level::info, ctx, event, fields);
}
void Log::warn(const Context& ctx, std::string_view event, Fields fields) {
  write(Level::warn, ctx, event, fields);
}
void Log::error(const Context& ctx, std::string_view event, Fields fields) {
  write(Level::error, ctx, event, fields);
}

void Log::write(Level level, const Context& ctx, std::string_view event, Fields fields) {
  if (!shows(level)) return;
  std::string line = "{";
  append_field(line, "time", to_text(clock_.wall_time()));
  append_field(line, "level", to_string(level));
  append_field(line, "event", event);
  if (!ctx.tenant().empty()) append_field(line, "username", ctx.tenant().str());
  if (!ctx.trace().empty()) append_field(line, "trace_id", ctx.trace().str());
  if (!ctx.instance().empty()) append_field(line, "instance_id", ctx.instance().str());
  for (const LogField& field : fields) append_field(line, field.name(), field.value());
  line += "}\n";
  const std::lock_guard lock(mutex_);
  sink_.write(line);
}

}  // namespace cloudfolio::telemetry
