#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/checksum_operands.hpp"
#include "app/command.hpp"
#include "app/copy_options.hpp"

/// The forms of `netcopy send`. cmd_send.cpp declares the options, once for all of them, and
/// chooses.
namespace netcopy::app {

inline constexpr std::string_view send_assignment_form =
    "send SRV_IP SRV_PORT CHSUM_IP CHSUM_PORT FILE_ID PATH";
inline constexpr std::string_view send_checksum_form =
    "send PATH ENDPOINT --checksum-server ENDPOINT --id N";
inline constexpr std::string_view send_copy_form = "send PATH... ENDPOINT";

struct SendOptions {
    std::vector<std::string> operands;
    std::vector<std::string> digests;  ///< of --checksum; empty: as the form has it
    std::uint64_t bwlimit = 0;         ///< bytes a second; 0: no limit
    ClientOptions client;
    ChecksumOperands checksum;
    std::uint64_t validity = 60;  ///< seconds
    CopySendOptions copy;
};

/// With a checksum server, in either of its two forms (seed 000). `options` outlives the task.
Task<Result<int>> send_with_checksum_server(Context& context, SendOptions& options);
/// By netcopy/1, or the seed's header. `options` outlives the task.
Task<Result<int>> send_copies(Context& context, const SendOptions& options);

/// "cannot connect to PEER: REASON" -> "cannot connect to PEER for FILE: REASON" and the hint.
Error for_file(Error error, const std::string& file, std::string_view hint);

}  // namespace netcopy::app
