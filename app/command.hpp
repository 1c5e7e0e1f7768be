#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/options.hpp"
#include "app/render.hpp"
#include "net/task.hpp"

namespace netcopy::app {

/// What main() lends to a job. Used on the main network thread only.
struct Context {
    std::string command;  ///< "send"
    asio::io_context& io;
    Renderer& output;
    CommonOptions& common;
    /// Called on the first SIGINT or SIGTERM instead of cancelling the job: servers finish what is
    /// in flight. Set by the job; empty: the job is cancelled.
    std::function<void()> on_stop;
    int stop_signal = 0;  ///< SIGINT or SIGTERM once one has arrived
    Report report;        ///< filled by the job as far as it knows; main() adds how it ended
    /// At the second signal the process may end where it stands: nothing of the job's would have to
    /// be removed, and its tasks and disk jobs need not be taken apart in any order.
    bool may_end_anywhere = false;
    /// Cancels the job, as without on_stop.
    std::function<void()> cancel = [] {};
};

/// One run of one command: says which options it has, then does its work.
class Job {
public:
    virtual ~Job() = default;
    virtual void describe(Options& options) = 0;
    /// Returns the exit status; an Error is printed and gives the status by its kind.
    virtual Task<Result<int>> run(Context& context) = 0;
};

struct Command {
    std::string_view name;
    std::string_view summary;  ///< one line, no full stop
    std::string_view group;    ///< the heading that overview() lists it under
    std::unique_ptr<Job> (*make)();
};

/// A Python script that netcopy stands in for when it is called by its name.
struct Script {
    /// How it takes what stands behind its name.
    enum class Words {
        operands,  ///< exactly so many, and nothing else; they may look like options
        options,   ///< operands and options, in its job's words; "usage: NAME" begins its help
        none,      ///< it looks at nothing
    };
    std::string_view name;     ///< of the link, without ".py"
    std::string_view command;  ///< what it is here
    Words words;
    std::size_t operands;    ///< of Words::operands
    std::string_view usage;  ///< the script's own line; {} stands for the name it is called by
    std::string_view help;   ///< the rest of its own help page; empty: it has none
    std::unique_ptr<Job> (*make)();  ///< of that command, in the form that the script has
};

std::span<const Command> commands();
std::span<const Script> scripts();
const Command* find_command(std::string_view name);
/// By the last component of argv[0], with or without ".py"; null: netcopy itself.
const Script* find_script(std::string_view argv0);

/// The candidate nearest to `word` by edit distance (transpositions count once), empty if none is
/// near.
std::string_view suggest(std::string_view word, std::span<const std::string_view> candidates);

/// Errc::usage: "unknown command 'recieve'; did you mean 'receive'?"
Error unknown_command(std::string_view name);

/// The text of `netcopy help`: every command with its summary.
std::string overview();
/// The text of `netcopy help COMMAND` and `netcopy COMMAND --help`.
std::string help_of(const Command& command);
/// The script for bash, zsh or fish, from the tables above and each command's options.
Result<std::string> completion(std::string_view shell);

// The makers, in cmd_*.cpp.
std::unique_ptr<Job> make_checksum_server();
std::unique_ptr<Job> make_send();
std::unique_ptr<Job> make_receive();
std::unique_ptr<Job> make_share();
std::unique_ptr<Job> make_list();
std::unique_ptr<Job> make_upload();
std::unique_ptr<Job> make_master_server();
std::unique_ptr<Job> make_file_server();
std::unique_ptr<Job> make_fileserver();  ///< file-server, as the seed's script has it
std::unique_ptr<Job> make_fetch();
std::unique_ptr<Job> make_download();
std::unique_ptr<Job> make_help();
std::unique_ptr<Job> make_completion();
std::unique_ptr<Job> make_install_links();
std::unique_ptr<Job> make_verify();
std::unique_ptr<Job> make_netcopy_cli();  ///< send, in the assignment's form only
std::unique_ptr<Job> make_netcopy_srv();  ///< receive, likewise
std::unique_ptr<Job> make_sender();
std::unique_ptr<Job> make_file_receiver_service();

}  // namespace netcopy::app
