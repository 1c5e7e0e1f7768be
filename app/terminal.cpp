#include "app/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

// ECMA-48: EL erases from the cursor to the end of the line, ED to the end of the screen, CUU goes
// up.
constexpr std::string_view erase_line = "\r\x1b[K";
constexpr std::string_view erase_below = "\x1b[J";
constexpr int usual_width = 80;
constexpr int usual_height = 24;
constexpr int most = 1000;  // columns or rows

/// What the terminal says, else the variable, else what is usual.
int extent(int said, const char* variable, int usual) {
    if (said > 0) return said;
    const char* const text = std::getenv(variable);
    const auto value = parse_decimal(text == nullptr ? "" : text, most);
    return value && *value > 0 ? static_cast<int>(*value) : usual;
}

}  // namespace

std::string Terminal::erasure() const {
    const auto above = std::count(bar_.begin(), bar_.end(), '\n');
    if (above == 0) return std::string(erase_line);
    return "\r\x1b[" + std::to_string(above) + "A" + std::string(erase_below);
}

void Terminal::put(std::string_view text) {
    // One call, so that stderr, which has no buffer, gets it in one piece.
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

bool Terminal::write(std::FILE* stream, std::string_view text) {
    const std::lock_guard guard(mutex_);
    if (!bar_.empty()) put(erasure());
    const bool whole = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
    const bool flushed = std::fflush(stream) == 0;
    const int reason = errno;
    if (!bar_.empty()) put(bar_);
    errno = reason;
    return whole && flushed;
}

void Terminal::draw(const std::vector<std::string>& lines) {
    const std::lock_guard guard(mutex_);
    const std::string before = erasure();
    bar_.clear();
    for (const std::string& line : lines) bar_ += (bar_.empty() ? "" : "\n") + line;
    put(before + bar_);
}

void Terminal::erase() {
    const std::lock_guard guard(mutex_);
    if (bar_.empty()) return;
    put(erasure());
    bar_.clear();
}

void Terminal::forget() {
    const std::lock_guard guard(mutex_);
    bar_.clear();
}

LogThroughTerminal::LogThroughTerminal(Terminal& terminal)
    : terminal_(terminal), before_(std::clog.rdbuf(this)) {}

LogThroughTerminal::~LogThroughTerminal() {
    sync();
    std::clog.rdbuf(before_);
}

LogThroughTerminal::int_type LogThroughTerminal::overflow(int_type c) {
    if (!traits_type::eq_int_type(c, traits_type::eof())) line_ += traits_type::to_char_type(c);
    return traits_type::not_eof(c);
}

std::streamsize LogThroughTerminal::xsputn(const char* text, std::streamsize size) {
    line_.append(text, static_cast<std::size_t>(size));
    return size;
}

int LogThroughTerminal::sync() {
    if (!line_.empty()) terminal_.write(stderr, std::exchange(line_, {}));
    return 0;  // a log line that is lost must not stop the log
}

Terminal& screen() {
    static auto& instance = *new Terminal;
    return instance;
}

void send_log_through_screen() {
    [[maybe_unused]] static const auto& instance = *new LogThroughTerminal(screen());
}

TerminalSize terminal_size() {
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) size = {};
    return {extent(size.ws_col, "COLUMNS", usual_width),
            extent(size.ws_row, "LINES", usual_height)};
}

bool in_foreground() {
    const pid_t foreground = tcgetpgrp(STDERR_FILENO);
    return foreground == -1 || foreground == getpgrp();  // -1: not our controlling terminal
}

}  // namespace netcopy::app
