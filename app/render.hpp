#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/progress_line.hpp"
#include "base/error.hpp"
#include "base/progress.hpp"
#include "net/endpoint.hpp"
#include "net/task.hpp"

namespace netcopy::app {

struct CommonOptions;
class View;
struct Moment;

/// The end of one transfer, or of a whole command.
struct Report {
    std::uint64_t bytes = 0;
    std::chrono::duration<double> took{};
    std::map<std::string, std::string> digests;  ///< "md5" -> hex
    std::string verdict;  ///< "ok", "corrupted", "unverified", "sent", "failed"
    std::string peer;     ///< empty where there is no single one
    std::string error;    ///< empty: none
    int exit_status = 0;
    /// Of commands that go through many files: {"files", 5}, {"sent", 3}; their `end` has these in
    /// the place of digests.
    std::vector<std::pair<std::string_view, std::uint64_t>> counts;
};

/// What became of one file of many.
struct FileReport {
    static constexpr std::uint64_t unknown = UINT64_MAX;

    std::string name;                            ///< any bytes
    std::string_view outcome;                    ///< "sent", "same", "received", "failed" ...
    std::string peer;                            ///< empty: as everywhere in this run
    std::uint64_t bytes = 0;                     ///< its size, or unknown
    std::map<std::string, std::string> digests;  ///< "sha256" -> hex
    std::string error;                           ///< empty: none
    std::string mtime;                           ///< empty: not told
    std::optional<std::size_t> sources;          ///< servers that have it; none: not told
};

/// A field of a result: its JSON name and text.
using Field = std::pair<std::string_view, std::string>;

/// Everything that a command prints: results and JSON on stdout, the rest on stderr, as the common
/// options ask. Not thread-safe: used on the main network thread. The log has its own way to
/// stderr; while a bar may be drawn there, std::clog goes through the same terminal, from any
/// thread. Nothing here throws because an output is closed or full: it is said once on stderr.
class Renderer {
public:
    /// Reads NO_COLOR, TERM, COLUMNS and whether stderr is a terminal.
    Renderer(std::string command, const CommonOptions& options, asio::io_context& io);
    ~Renderer();

    /// The first line of every server, printed also when quiet; port is the real one.
    void listening(const Endpoint& endpoint);
    /// JSON only: "accepted", "connected".
    void event(std::string_view name, const std::string& peer);
    void error(const Error& error);  ///< "netcopy COMMAND: ..." on stderr, always
    /// Text that is itself the result, such as a help page: stdout as it stands, whatever the
    /// options, and no JSON object behind it.
    Result<> print(std::string_view text);
    /// A result of a command without transfers: `line` on stdout, or an object with --json.
    Result<> result(std::string_view event, std::initializer_list<Field> fields,
                    std::string_view line);
    /// The verdict of one client: `line` on stdout, or an object {"event":"verdict"} with --json.
    void verdict(std::string_view line, const Report& report);
    /// {"event":"file"} with --json; else `line` on stdout, if there is one.
    void file(const FileReport& file, std::string_view line = {});
    /// What file() would print, with its newline, for results of many lines: see write().
    std::string text_of(const FileReport& file, std::string_view line) const;
    /// A piece of a result that is long, or a file's content: stdout as it stands. Thread-safe, and
    /// blocks for as long as stdout does.
    Result<> write(std::string_view piece);
    /// "netcopy COMMAND: TEXT" on stderr, unless quiet or JSON is spoken: a summary.
    void remark(std::string_view text);
    /// The last word of a command: nothing but the JSON object {"event":"end"}. Only the first call
    /// counts, so that main may call it for a job that failed before its own.
    void end(const Report& report);

    /// Shows `progress` from now until the returned guard goes: a bar on a terminal, a plain line
    /// now and then elsewhere, {"event":"progress"} with --json. `label` is the file. One at a
    /// time: another one meanwhile shows nothing but its last line. `progress` must outlive the
    /// guard.
    class Display;
    std::shared_ptr<Display> show(std::string label, const Progress& progress);
    /// The same for many files: a line for the whole, and on a tall terminal one for each that is
    /// under way. Nothing stays when the guard goes: see remark().
    std::shared_ptr<Display> show(const TreeProgress& progress);

    bool json() const;

private:
    std::shared_ptr<Display> begin(std::unique_ptr<View> view);

    struct State;
    std::shared_ptr<State> state_;  ///< a Display may outlive the Renderer
};

/// Made by Renderer::show(). May go while its timer's handler is queued.
class Renderer::Display : public std::enable_shared_from_this<Renderer::Display> {
public:
    Display(std::shared_ptr<State> state, std::unique_ptr<View> view);
    ~Display();
    Display(const Display&) = delete;
    Display& operator=(const Display&) = delete;

    /// The transfer is whole: when the guard goes, one line with bytes, time and rate stays.
    /// Without this nothing stays, because the error says what happened.
    void finish() { finished_ = true; }

private:
    friend class Renderer;
    void start();
    void wait();
    void tick();
    void draw(Clock::time_point now);
    void print_json();
    Moment moment(Clock::time_point now) const;

    std::shared_ptr<State> state_;
    std::unique_ptr<View> view_;
    Timer timer_;
    RateMeter meter_;
    Clock::time_point started_;
    Clock::time_point next_line_;
    bool shown_ = false;
    bool finished_ = false;
};

}  // namespace netcopy::app
