#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace netcopy {

/// What either side of netcopy/1 says of a line that does not fit the request it names.
inline Error out_of_place(std::string_view verb, std::uint64_t n) {
    return make_error(Errc::protocol, "the peer said " + std::string(verb) + " for request " +
                                          std::to_string(n) + ", which does not await that");
}

}  // namespace netcopy
