#pragma once

#include <functional>

#include "net/stream.hpp"
#include "net/task.hpp"
#include "session/registry_announce.hpp"

namespace netcopy {

/// What the connections of an Announcer, one after the other, have to do with it. For
/// registry_announce*.cpp only; one network thread.
struct AnnouncerLink {
    const AnnouncerPlan& plan;
    SharedFolder& folder;
    Timer& changed;  ///< cancelled when the folder's list has changed
    std::function<void(const std::string& peer, std::size_t files)> on_registered;
};

/// Both run until the connection is of no use any more, and say why; what a Stream throws but
/// cancellation is among that.

/// By netcopy/1, whose openings have been said.
Task<Error> announce_by_netcopy(AnnouncerLink& link, Stream& stream);
/// By the seed's protocol. When the list has changed the connection ends, with Errc::interrupted:
/// only another one can say so.
Task<Error> announce_by_seed(AnnouncerLink& link, Stream& stream);

}  // namespace netcopy
