#pragma once

#include <cstdio>
#include <mutex>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

namespace netcopy::app {

/// The screen that stdout and stderr may share with a progress bar: the bar is the last lines
/// there, goes before other lines are written, and comes back behind them. Thread-safe, because the
/// log writes from any thread. Writing never throws and never raises SIGPIPE's default (main
/// ignores it).
class Terminal {
public:
    /// Writes `text`, which ends with a newline, to stdout or stderr, and flushes. False: it did
    /// not get there, and errno says why.
    bool write(std::FILE* stream, std::string_view text);
    /// Draws the bar over the last one; the lines have no newlines, and each fits the screen. Only
    /// for a terminal.
    void draw(const std::vector<std::string>& lines);
    void erase();
    /// Draws nothing more, and leaves the screen as it is: it belongs to another job now.
    void forget();

private:
    void put(std::string_view text);
    std::string erasure() const;

    std::mutex mutex_;
    std::string bar_;  ///< what is on the screen, lines joined; empty: nothing
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

struct TerminalSize {
    int columns = 0;
    int rows = 0;
};
/// Of the terminal that stderr is: what it says itself, else COLUMNS and LINES, else 80 and 24.
TerminalSize terminal_size();
/// False for a background job, which must not draw over what is in the foreground.
bool in_foreground();

}  // namespace netcopy::app
