#pragma once

#include <cstdint>
#include <vector>

#include "rudp/congestion.hpp"
#include "rudp/packet.hpp"

namespace netcopy::rudp {

struct SentPacket {
    enum class Status : std::uint8_t {
        left_out,   ///< a number that was never sent
        in_flight,  ///< nobody knows
        acked,
        lost,  ///< declared, may still arrive
    };
    Time sent;
    Range range;  ///< content of DATA
    SendState state;
    std::uint32_t size = 0;  ///< bytes of the datagram
    Kind kind{};
    Status status{};
};

/// What was sent, by number, as far back as somebody may still say something about it. A ring that
/// grows to what a connection has in flight, up to `most` packets, and then allocates no more.
class SentPackets {
public:
    static constexpr std::size_t most = 2 * 65'536;

    std::uint64_t first() const { return first_; }  ///< the oldest number remembered
    std::uint64_t next() const { return next_; }    ///< the number of the next packet
    /// first() <= number < next()
    SentPacket& operator[](std::uint64_t number) { return ring_[number & (ring_.size() - 1)]; }
    const SentPacket& operator[](std::uint64_t number) const {
        return ring_[number & (ring_.size() - 1)];
    }
    bool full() const { return next_ - first_ == most; }
    std::uint64_t in_flight() const { return in_flight_; }  ///< bytes
    std::uint64_t packets_in_flight() const { return packets_in_flight_; }

    /// Takes the next number; not when full().
    void push(const SentPacket& packet);
    void set_status(std::uint64_t number, SentPacket::Status status);
    /// Forgets from the front what is settled: acknowledged, left out, or lost and sent before
    /// `lost_before`; when full, what is lost in any case.
    void forget(Time lost_before);

private:
    void grow();

    std::vector<SentPacket> ring_;  // its size is a power of two, or 0
    std::uint64_t first_ = 0;
    std::uint64_t next_ = 0;
    std::uint64_t in_flight_ = 0;
    std::uint64_t packets_in_flight_ = 0;
};

}  // namespace netcopy::rudp
