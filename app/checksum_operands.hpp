#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/options.hpp"
#include "net/endpoint.hpp"

namespace netcopy::app {

/// What `send` and `receive` both need to know for the main job, in either form of the command
/// line:
///     SRV_IP SRV_PORT CHSUM_IP CHSUM_PORT FILE_ID PATH        (the assignment's own)
///     PATH [ENDPOINT] --checksum-server ENDPOINT --id N        (spelled out)
struct ChecksumOperands {
    std::string checksum_server;
    std::string id;

    Endpoint file_endpoint;  ///< where the file goes to or is taken
    Endpoint checksum_endpoint;
    std::string canonical_id;
    std::string path;

    void describe(Options& options, std::string_view form);
    /// Fills the last four from the operands. `endpoint_option` is what stands in for the endpoint
    /// operand
    /// ("--listen"), with its value; without one the endpoint is the second operand. Errc::usage.
    Result<> resolve(const std::vector<std::string>& operands, std::string_view endpoint_option,
                     const std::string& endpoint_value);
};

/// Six operands, the second and fourth a port number, the fifth an integer: nobody has files of
/// these names that go to a host of the last one's.
bool is_assignment_form(const std::vector<std::string>& operands);

/// --checksum-server or --id was typed, or both come from the environment.
bool asks_for_checksum_server(const Options& options);

}  // namespace netcopy::app
