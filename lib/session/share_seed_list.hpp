#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "session/share_seed_client.hpp"
#include "session/share_seed_connection.hpp"

namespace netcopy {

/// ShareSeedClient::list().
Task<Result<>> take_share_list(ShareSeedConnection& connection,
                               std::function<void(ShareSeedFile)> each);

/// Ids come in either case.
std::string lower_hex(std::string_view hex);

}  // namespace netcopy
