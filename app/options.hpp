#pragma once

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/endpoint.hpp"

/// Options of one command: declared once, in groups, and from that one declaration come the parser
/// (Boost.Program_options), the help, the environment variables and the shell completions.
namespace netcopy::app {

/// What a shell should offer for an operand or an option's argument.
enum class Completes { nothing, file, folder, host, command, shell };

struct OptionInfo {
    std::string name;               ///< without dashes
    char letter = 0;                ///< short form, or 0
    std::string argument = {};      ///< "SECONDS"; empty for a flag
    std::string help = {};          ///< without default and choices, which are shown behind it
    std::string default_text = {};  ///< "60"; empty: none shown
    std::vector<std::string> choices = {};  ///< the only values allowed, if any
    Completes completes = Completes::nothing;
};

struct OptionGroup {
    std::string title;
    std::vector<OptionInfo> options;
    std::string form = {};  ///< the only form of the command that has these; empty: all have
};

/// One of the options that share a list, as it was given: {"exclude", "*.o"}.
struct Repeated {
    std::string option;
    std::string value;
};

struct Example {
    std::string command;  ///< a whole command line that works as it stands
    std::string meaning;
};

/// The targets must outlive parse(), which writes them; their value beforehand is the default.
class Options {
public:
    void usage(std::string form);  ///< "send PATH ENDPOINT ..."; may be called again
    void example(std::string command, std::string meaning);
    /// Later declarations belong to it. With a `form` (one of the usages) they make sense for that
    /// form of the command only; see require_form().
    void group(std::string title, std::string form = {});

    void flag(std::string name, char letter, bool& target, std::string help);
    void count(std::string name, char letter, int& target, std::string help);  ///< repeatable
    void text(std::string name, std::string argument, std::string& target, std::string help,
              Completes completes = Completes::nothing, char letter = 0);
    void choice(std::string name, std::string argument, std::string& target,
                std::vector<std::string> choices, std::string help);
    void number(std::string name, std::string argument, std::uint64_t& target, std::uint64_t least,
                std::uint64_t most, std::string help, char letter = 0);
    /// Some of the choices, with commas between them. `default_text` is what the help shows.
    void choices(std::string name, std::string argument, std::vector<std::string>& target,
                 std::vector<std::string> choices, std::string help, std::string default_text);
    /// An option that may be given again and again; several may share a target, which keeps their
    /// order.
    void repeated(std::string name, std::string argument, std::vector<Repeated>& target,
                  std::string help);
    /// Bytes, as `64K`, `2G` (app/values.hpp); a default of UINT64_MAX is not shown.
    void size(std::string name, std::string argument, std::uint64_t& target, std::string help);
    /// Bytes a second, as `500K` or `2M`; 0 is 0 and means no limit.
    void rate(std::string name, std::uint64_t& target, std::string help);
    /// Seconds, as `2.5`; 0 is 0 and means no limit.
    void seconds(std::string name, std::chrono::milliseconds& target, std::string help);
    void operands(std::vector<std::string>& target, Completes completes);

    /// Options anywhere among the operands, `--` ends them, `-5` is an operand, names are not
    /// guessed. An option given twice counts the last time, so that a shell alias can be overruled
    /// (except repeated()).
    /// What the command line leaves out is taken from NETCOPY_NAME (not --help and --version, and
    /// nothing when one of these is given; an empty variable is as good as none; a flag takes 1,
    /// true, yes, on or 0, false, no, off). Errc::usage with a suggestion.
    Result<> parse(std::span<const std::string> arguments);

    /// `summary` has no full stop. At most 100 columns wide (but examples are never broken, since
    /// they are there to be copied); the examples come last.
    std::string help(std::string_view summary) const;
    std::span<const OptionGroup> groups() const { return groups_; }
    /// Those that parse() has found.
    std::span<const std::string> operands() const {
        return operands_ ? std::span<const std::string>(*operands_)
                         : std::span<const std::string>();
    }
    Completes operand_completes() const { return operand_completes_; }
    /// True when NAME was given on the command line or in the environment.
    bool given(std::string_view name) const;
    /// The same, but the environment does not count.
    bool typed(std::string_view name) const;
    /// Errc::usage when an option was typed that only another form has. What the environment says
    /// about other forms is no matter.
    Result<> require_form(std::string_view form) const;

private:
    static constexpr int most_counts = 9;  // -v more often than this says nothing new

    /// Takes what the user calls the option ("--id", "NETCOPY_ID"), for the error, and its
    /// argument.
    using Read = std::function<Result<>(const std::string& spelling, const std::string& value)>;
    struct Entry {
        std::string name = {};
        Read read = {};                    ///< null: a flag or count, which takes no argument
        std::function<void()> raise = {};  ///< null: an option with an argument
        bool counts = false;
    };
    void add(OptionInfo info, Entry entry);
    Result<std::vector<boost::program_options::option>> split(
        std::span<const std::string> arguments) const;
    Error unknown(std::string spelling) const;
    Result<> take(const boost::program_options::option& token);
    Result<> read_environment();
    bool is_option(std::string_view token) const;  ///< as it stands, without an argument
    std::vector<std::string> names() const;

    std::vector<std::string> usages_;
    std::vector<Example> examples_;
    std::vector<OptionGroup> groups_;
    std::vector<Entry> entries_;
    std::vector<std::string> given_;
    std::size_t typed_ = 0;  ///< so many of given_ stood on the command line
    std::vector<std::string>* operands_ = nullptr;
    Completes operand_completes_ = Completes::nothing;
};

/// The options that every command shares.
struct CommonOptions {
    int verbose = 0;
    bool quiet = false;
    bool json = false;
    std::string progress = "auto";
    std::string color = "auto";
    std::string log_file;
    /// Of the log file and of stderr; empty: warning on stderr, info in the file.
    std::string log_level;
    bool help = false;
    bool version = false;

    void describe(Options& options);
};

/// Shared by clients and servers of all protocols; each command describes those it uses.
struct ClientOptions {
    std::chrono::milliseconds timeout;
    std::chrono::milliseconds connect_timeout;
    std::uint64_t retry = 0;

    ClientOptions();
    void describe(Options& options);
    /// Fruitless tries in a row after a break, which are some also where --retry was not given.
    std::uint64_t retries() const;

private:
    const Options* described_ = nullptr;
};

/// Options of several commands that belong to no larger group.
void describe_bwlimit(Options& options, std::uint64_t& bytes_a_second);
void describe_protocol(Options& options, std::string& protocol);
void describe_overwrite(Options& options, std::string& overwrite);

struct ServerOptions {
    std::uint64_t max_connections;
    std::uint64_t max_connections_per_address;
    std::chrono::milliseconds idle_timeout;
    std::uint64_t threads = 1;

    explicit ServerOptions(std::chrono::milliseconds idle);
    void describe(Options& options);
};

}  // namespace netcopy::app
