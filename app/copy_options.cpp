#include "app/copy_options.hpp"

namespace netcopy::app {
namespace {

constexpr std::uint64_t most_jobs = 16;
constexpr std::uint64_t last_port = 65535;

}  // namespace

void CopySendOptions::describe(Options& options, std::string_view form) {
    options.group("What to send", std::string(form));
    options.flag("recursive", 'r', recursive, "folders too, with all that is below them");
    options.repeated("include", "PATTERN", rules,
                     "keep what matches; the first --include or --exclude that matches decides");
    options.repeated("exclude", "PATTERN", rules, "leave out what matches: '*.o', 'cache/'");
    options.flag("links", 0, links, "symbolic links as links, instead of leaving them out");
    options.text("name", "NAME", name, "what the receiver is to call standard input");
    options.choice(
        "compare", "HOW", compare, {"time", "digest"},
        "how to tell that a file is there already: by its size and time, or by reading it");
    options.flag("dry-run", 0, dry_run, "ask the receiver, send nothing, print what would be done");

    options.group("Copying", std::string(form));
    options.number("port", "PORT", port, 1, last_port, "of an ENDPOINT without one", 'p');
    options.number("jobs", "N", jobs, 0, most_jobs, "connections at a time; 0: as many as help",
                   'j');
    describe_protocol(options, protocol);
    options.flag("no-metadata", 0, no_metadata, "leave mode and time to the receiver");
    options.text("manifest", "FILE", manifest,
                 "write the SHA-256 of every file, as sha256sum does, for 'netcopy verify'",
                 Completes::file);
    options.flag("no-cache", 0, no_cache, "hash every file anew where digests come first");
}

void CopyReceiveOptions::describe(Options& options, std::string_view form) {
    options.group("The service", std::string(form));
    options.flag("once", 0, once, "end after the first client");
    describe_overwrite(options, overwrite);
    options.choice("timestamp", "WHEN", timestamp, {"always", "seed", "never"},
                   "put the time before a file's name; seed: for senders of the seed's header");
    options.size("quota", "BYTES", quota, "what the folder may hold in all; 0: no quota");
    describe_protocol(options, protocol);
}

}  // namespace netcopy::app
