#include "app/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view erase_line = "\r\x1b[K";  // ECMA-48 EL: from the cursor to the end
constexpr int usual_width = 80;
constexpr int most_width = 1000;

}  // namespace

void Terminal::put(std::string_view text) {
    // One call, so that stderr, which has no buffer, gets it in one piece.
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

bool Terminal::write(std::FILE* stream, std::string_view text) {
    const std::lock_guard guard(mutex_);
    if (!bar_.empty()) put(erase_line);
    const bool whole = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
    const bool flushed = std::fflush(stream) == 0;
    const int reason = errno;
    if (!bar_.empty()) put(bar_);
    errno = reason;
    return whole && flushed;
}

void Terminal::draw(std::string line) {
    const std::lock_guard guard(mutex_);
    bar_ = std::move(line);
    put(std::string(erase_line) + bar_);
}

void Terminal::erase() {
    const std::lock_guard guard(mutex_);
    if (bar_.empty()) return;
    bar_.clear();
    put(erase_line);
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

int terminal_width() {
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char* const text = std::getenv("COLUMNS");
    const auto columns = parse_decimal(text == nullptr ? "" : text, most_width);
    return columns && *columns > 0 ? static_cast<int>(*columns) : usual_width;
}

bool in_foreground() {
    const pid_t foreground = tcgetpgrp(STDERR_FILENO);
    return foreground == -1 || foreground == getpgrp();  // -1: not our controlling terminal
}

}  // namespace netcopy::app
