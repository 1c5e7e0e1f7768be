#include "app/share_options.hpp"

namespace netcopy::app {
namespace {

constexpr std::uint64_t most_jobs = 16;
constexpr std::size_t automatic_jobs = 4;

}  // namespace

void ShareAccess::describe(Options& options) {
    client.describe(options);
    describe_protocol(options, protocol);
}

void ShareAccess::describe_moving(Options& options, std::string jobs_help) {
    options.number("jobs", "N", jobs, 0, most_jobs, std::move(jobs_help), 'j');
    describe(options);
    describe_bwlimit(options, bwlimit);
}

std::size_t ShareAccess::disk_threads() const { return (jobs == 0 ? automatic_jobs : jobs) + 1; }

Result<ShareOperands> read_share_operands(const std::vector<std::string>& operands,
                                          std::size_t least, std::string_view needed) {
    if (operands.size() < least + 1) return make_error(Errc::usage, std::string(needed));
    ShareOperands read;
    auto endpoint = parse_endpoint(operands.back(), share_port);
    if (!endpoint) return endpoint.error();
    read.endpoint = std::move(*endpoint);
    read.words.assign(operands.begin(), operands.end() - 1);
    for (const std::string& word : read.words) {
        if (word.empty()) return make_error(Errc::usage, "an operand is empty");
    }
    return read;
}

}  // namespace netcopy::app
