#pragma once

#include <string>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// Why a connection ended, and who said so.
struct Ended {
    CloseCode code{};
    std::string text;  ///< the peer's as it came: escape() it
    bool by_peer = false;
};

}  // namespace netcopy::rudp
