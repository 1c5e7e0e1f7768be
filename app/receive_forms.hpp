#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/checksum_operands.hpp"
#include "app/command.hpp"
#include "app/copy_options.hpp"
#include "base/limits.hpp"

/// The forms of `netcopy receive`. cmd_receive.cpp declares the options, once for all of them, and
/// chooses.
namespace netcopy::app {

inline constexpr std::string_view receive_assignment_form =
    "receive SRV_IP SRV_PORT CHSUM_IP CHSUM_PORT FILE_ID PATH";
inline constexpr std::string_view receive_checksum_form =
    "receive PATH --listen ENDPOINT --checksum-server ENDPOINT --id N [--keep-running]";
inline constexpr std::string_view receive_copy_form = "receive [DIR]";

struct ReceiveOptions {
    std::vector<std::string> operands;
    std::string listen;
    std::uint64_t max_size = 0;  ///< bytes; 0: any
    std::uint64_t bwlimit = 0;   ///< bytes a second; 0: no limit
    ServerOptions server{limits::transfer_stall};
    ChecksumOperands checksum;
    std::string digest = "auto";
    bool keep_running = false;
    std::chrono::milliseconds connect_timeout = limits::connect;
    CopyReceiveOptions copy;
};

/// With a checksum server, in either of its two forms (seed 000). `options` outlives the task.
Task<Result<int>> receive_with_checksum_server(Context& context, ReceiveOptions& options);
/// The service, for netcopy/1 and the seed's header. `options` outlives the task.
Task<Result<int>> receive_copies(Context& context, const ReceiveOptions& options);

}  // namespace netcopy::app
