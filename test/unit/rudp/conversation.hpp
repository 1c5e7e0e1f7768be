#pragma once

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "rudp/receiver.hpp"
#include "rudp/sender.hpp"

/// What the tests of the two state machines of rudp have in common: the packets of the other side,
/// made by hand.
namespace netcopy::test {

using namespace netcopy::rudp;
using namespace std::chrono_literals;

using Packet = std::vector<std::byte>;

inline constexpr std::uint64_t connection = 77;
inline const Time start = Time{} + 1h;
inline const Duration round_trip = 100ms;

inline Tag some_tag() {
    Tag tag{};
    tag.fill(std::byte{7});
    return tag;
}

/// Of the file that the senders here send.
inline std::byte byte_at(std::uint64_t offset) {
    return static_cast<std::byte>((offset * 2'654'435'761U) >> 13);
}

inline bool fill(std::uint64_t offset, MutableBytes to) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = byte_at(offset + i);
    return true;
}

template <class Write>
Packet packet(Write write) {
    Packet bytes(largest_datagram);
    bytes.resize(write(MutableBytes(bytes)));
    return bytes;
}

inline Header header_of(const Packet& bytes) {
    const auto header = parse_header(bytes);
    REQUIRE(header);
    return *header;
}

/// Everything that it wants to send now.
inline std::vector<Packet> poll(Sender& sender, Time now) {
    std::vector<Packet> packets;
    for (;;) {
        Packet buffer(largest_datagram);
        const Transmit transmit = sender.poll_transmit(now, buffer);
        if (transmit.size == 0) return packets;
        buffer.resize(transmit.size);
        packets.push_back(std::move(buffer));
        REQUIRE(packets.size() < 100'000);
    }
}

inline std::vector<Packet> poll(Receiver& receiver, Time now) {
    std::vector<Packet> packets;
    for (;;) {
        Packet buffer(least_datagram);
        const std::size_t size = receiver.poll_transmit(now, buffer);
        if (size == 0) return packets;
        buffer.resize(size);
        packets.push_back(std::move(buffer));
        REQUIRE(packets.size() < 1000);
    }
}

inline std::vector<Kind> kinds_of(const std::vector<Packet>& packets) {
    std::vector<Kind> kinds;
    for (const Packet& each : packets) kinds.push_back(header_of(each).kind);
    return kinds;
}

}  // namespace netcopy::test
