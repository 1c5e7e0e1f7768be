#pragma once

#include <cstdio>
#include <mutex>
#include <streambuf>
#include <string>
#include <string_view>

namespace netcopy::app {

/// The screen that stdout and stderr may share with a progress bar: the bar is the last line there,
/// goes before other lines are written, and comes back behind them. Thread-safe, because the log
/// writes from any thread. Writing never throws and never raises SIGPIPE's default (main ignores
/// it).
class Terminal {
public:
    /// Writes `text`, which ends with a newline, to stdout or stderr, and flushes. False: it did
    /// not get there, and errno says why.
    bool write(std::FILE* stream, std::string_view text);
    /// Draws the bar over the last one; `line` has no newline. Only for a terminal.
    void draw(std::string line);
    void erase();
    /// Draws nothing more, and leaves the screen as it is: it belongs to another job now.
    void forget();

private:
    void put(std::string_view text);

    std::mutex mutex_;
    std::string bar_;  ///< what is on the screen; empty: nothing
};

/// Sends std::clog, where Boost.Log's console sink writes, through a Terminal while it lives, a
/// line at a time. The terminal must outlive it, and the threads that log should have ended before
/// it.
class LogThroughTerminal final : private std::streambuf {
public:
    explicit LogThroughTerminal(Terminal& terminal);
    ~LogThroughTerminal() override;
    LogThroughTerminal(const LogThroughTerminal&) = delete;
    LogThroughTerminal& operator=(const LogThroughTerminal&) = delete;

private:
    int_type overflow(int_type c) override;
    std::streamsize xsputn(const char* text, std::streamsize size) override;
    int sync() override;

    Terminal& terminal_;
    std::streambuf* before_;
    std::string line_;
};

/// The process's own. Never destroyed, because threads may log until the very end.
Terminal& screen();
/// From now on std::clog goes through screen(), for good. Call before threads start.
void send_log_through_screen();

/// Columns of the terminal that stderr is: what it says itself, else COLUMNS, else 80.
int terminal_width();
/// False for a background job, which must not draw over what is in the foreground.
bool in_foreground();

}  // namespace netcopy::app
