#pragma once

#include <cstddef>

#include "base/bytes.hpp"
#include "net/task.hpp"
#include "net/udp_batch.hpp"

namespace netcopy {

/// What talks through a UdpLink: state machines and files, without socket, coroutine or wait. Its
/// functions are called one at a time, in the disk pool: they may block on files, never on a peer.
class UdpHandler {
public:
    virtual ~UdpHandler() = default;

    /// A packet with a right seal came at `now`, by the kernel's clock where it says: between the
    /// last call's time and the present. Its bytes are anybody's: hostile. They stay where they are
    /// until after_batch() has returned, so that payloads of many can be written by one call.
    virtual void on_datagram(Clock::time_point now, const UdpPath& from, Bytes packet) = 0;
    /// A datagram came whose seal is wrong: damaged, forged, or of a program that knows no seals.
    virtual void on_unsealed(Clock::time_point, const UdpPath& /*from*/, Bytes /*datagram*/) {}
    /// Up to 4 MiB were received, or all that waited: the moment to write and to acknowledge.
    virtual void after_batch(Clock::time_point now) = 0;
    /// Adds packets that are to be sent now, as many as have room if there are so many; false: no
    /// more for now. Called again with an empty batch until then. Also called when next_deadline()
    /// has come, and after notify().
    virtual bool produce(Clock::time_point now, UdpBatch& out) = 0;
    /// When produce() is to be called though nothing comes; max: not at all. Asked after produce()
    /// said no. While it is in the past, produce() is called again and again.
    virtual Clock::time_point next_deadline() = 0;
    /// A packet of `size` bytes (without seal) was not sent: the first network on its way takes
    /// no datagram so large (EMSGSIZE). What a router further on drops, only silence tells.
    virtual void on_too_big(const UdpPath& to, std::size_t size) = 0;
};

}  // namespace netcopy
