#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/options.hpp"

namespace netcopy::app {

inline constexpr std::uint16_t share_port = 9999;

/// How the clients of a share reach it.
struct ShareAccess {
    std::string protocol = "auto";
    ClientOptions client;
    std::uint64_t bwlimit = 0;  ///< bytes a second; 0: no limit
    std::uint64_t jobs = 0;     ///< connections; 0: as many as help

    /// The least that a client has.
    void describe(Options& options);
    /// And of those that move files.
    void describe_moving(Options& options, std::string jobs_help);
    /// Of a pool for so many connections and the list.
    std::size_t disk_threads() const;
};

/// The endpoint that stands behind all other operands, and those.
struct ShareOperands {
    std::vector<std::string> words;
    Endpoint endpoint;
};
/// Errc::usage with `needed` when there are fewer than `least` before it.
Result<ShareOperands> read_share_operands(const std::vector<std::string>& operands,
                                          std::size_t least, std::string_view needed);

}  // namespace netcopy::app
