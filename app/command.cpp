#include "app/command.hpp"

#include <algorithm>

#include "app/utf8.hpp"
#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view copy_group = "Files and folders";
constexpr std::string_view share_group = "A folder shared with others";
constexpr std::string_view registry_group = "Many file servers, one catalogue";
constexpr std::string_view checksum_group = "One file, proven by a checksum server";
constexpr std::string_view help_group = "Help and set-up";

constexpr Command command_table[] = {
    {"send", "Sends files and folders, or one file by way of a checksum server", copy_group,
     make_send},
    {"receive", "Takes files and folders, or one file and checks it with a checksum server",
     copy_group, make_receive},
    {"verify", "Checks files against a list of their SHA-256", copy_group, make_verify},
    {"share", "Serves a folder: others list, upload and download its files", share_group,
     make_share},
    {"list", "Shows the files of a share, or of a master's file servers", share_group, make_list},
    {"upload", "Sends files to a share; what it has already is not sent again", share_group,
     make_upload},
    {"download", "Takes files from a share, by id, name or pattern", share_group, make_download},
    {"master-server", "Knows which file server has which file, and tells clients", registry_group,
     make_master_server},
    {"file-server", "Tells a master of a folder's files, and serves them over reliable UDP",
     registry_group, make_file_server},
    {"fetch", "Takes files that a master knows, each from all servers that have it", registry_group,
     make_fetch},
    {"checksum-server", "Keeps checksums until they expire", checksum_group, make_checksum_server},
    {"help", "Shows the commands, or the options and examples of one", help_group, make_help},
    {"completion", "Prints the completion script for a shell", help_group, make_completion},
    {"install-links", "Makes links by the names of the scripts that netcopy stands in for",
     help_group, make_install_links},
};

using Words = Script::Words;

constexpr Script script_table[] = {
    {"netcopy_cli", "send", Words::operands, 6,
     "usage: py netcopy_cli.py <upload_server_ip> <upload_server_port> <checksum_server_ip> "
     "<checksum_server_port> <file_id> <file_path>",
     "", make_netcopy_cli},
    {"netcopy_srv", "receive", Words::operands, 6,
     "usage: py netcopy_srv.py <server_ip> <server_port> <checksum_server_ip> "
     "<checksum_server_port> <file_id> <destination_file_path>",
     "", make_netcopy_srv},
    {"checksum_srv", "checksum-server", Words::operands, 2,
     "usage: py checksum_srv.py <server_ip> <server_port>", "", make_checksum_server},
    {"sender", "send", Words::options, 2, "usage: {} [-h] [-p PORT] file host",
     "Simple File Sender\n"
     "\n"
     "positional arguments:\n"
     "  file                  File name to send\n"
     "  host                  The host/IP address of the receiver\n"
     "\n"
     "options:\n"
     "  -h, --help            show this help message and exit\n"
     "  -p PORT, --port PORT  Port to use, default is 5001\n",
     make_sender},
    {"file_receiver_service", "receive", Words::none, 0, "usage: {}", "",
     make_file_receiver_service},
    {"masterserver", "master-server", Words::none, 0, "usage: {}", "", make_master_server},
    {"fileserver", "file-server", Words::none, 0, "usage: {}", "", make_fileserver},
};

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, where no
/// part is edited twice (restricted Damerau-Levenshtein distance).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = row;
    }
    return last[b.size()];
}

}  // namespace

std::span<const Command> commands() { return command_table; }
std::span<const Script> scripts() { return script_table; }

const Command* find_command(std::string_view name) {
    const auto found =
        std::find_if(std::begin(command_table), std::end(command_table),
                     [name](const Command& command) { return command.name == name; });
    return found == std::end(command_table) ? nullptr : found;
}

const Script* find_script(std::string_view argv0) {
    std::string_view name = last_component(argv0);
    if (name.ends_with(".py")) name.remove_suffix(3);
    const auto found = std::find_if(std::begin(script_table), std::end(script_table),
                                    [name](const Script& script) { return script.name == name; });
    return found == std::end(script_table) ? nullptr : found;
}

std::string_view suggest(std::string_view word, std::span<const std::string_view> candidates) {
    constexpr std::size_t longest = 64;  // the time grows with the square, and no name is near that
    constexpr std::size_t shortest_beginning = 3;
    if (word.empty() || word.size() > longest) return {};
    std::string_view best;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    if (!best.empty() || word.size() < shortest_beginning) return best;
    const auto longer =
        std::find_if(candidates.begin(), candidates.end(),
                     [word](std::string_view candidate) { return candidate.starts_with(word); });
    return longer == candidates.end() ? std::string_view{} : *longer;
}

Error unknown_command(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Command& command : commands()) names.push_back(command.name);
    const std::string_view near = suggest(name, names);
    return make_error(Errc::usage,
                      "unknown command " + quote(name) +
                          (near.empty() ? "; `netcopy help` lists the commands"
                                        : "; did you mean '" + std::string(near) + "'?"));
}

std::string overview() {
    std::string out =
        "netcopy moves files between machines and proves that they arrived.\n\n"
        "Usage: netcopy COMMAND [OPTIONS] [OPERANDS]\n";
    std::size_t width = 0;
    for (const Command& command : commands()) width = std::max(width, command.name.size());
    std::string_view group;
    for (const Command& command : commands()) {
        if (command.group != group) out += "\n" + std::string(command.group) + ":\n";
        group = command.group;
        std::string name(command.name);
        name.resize(width, ' ');
        out += "  " + name + "  " + std::string(command.summary) + "\n";
    }
    return out +
           "\nRead on with `netcopy help COMMAND`: its options, their defaults, and examples.\n"
           "`netcopy --version` prints the version.\n";
}

std::string help_of(const Command& command) {
    const std::unique_ptr<Job> job = command.make();
    Options options;
    CommonOptions common;
    job->describe(options);
    common.describe(options);
    return options.help(command.summary);
}

}  // namespace netcopy::app
