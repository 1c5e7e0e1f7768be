#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <source_location>
#include <vector>

#include "rudp/packet.hpp"

/// What the fuzzers of lib/rudp have in common. A broken promise aborts.
namespace netcopy::fuzz {

inline void require(bool promise, std::source_location where = std::source_location::current()) {
    if (promise) return;
    std::fprintf(stderr, "%s:%u: a broken promise\n", where.file_name(),
                 static_cast<unsigned>(where.line()));
    std::abort();
}

/// The fuzzer's bytes as a series of numbers and blocks; zeros when they are used up.
class Input {
public:
    Input(const unsigned char* data, std::size_t size)
        : rest_(reinterpret_cast<const std::byte*>(data), size) {}

    bool empty() const { return rest_.empty(); }
    /// Of so many bytes, 8 at most.
    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (const std::byte each : bytes(size))
            value = value << 8 | std::to_integer<std::uint64_t>(each);
        return value;
    }
    std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
    Bytes bytes(std::size_t size) {
        const Bytes taken = rest_.first(std::min(size, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    /// 0 to about 16 s, small ones fine.
    rudp::Duration pause() {
        const std::uint64_t value = number(2);
        return std::chrono::microseconds(value * value / 256);
    }

private:
    Bytes rest_;
};

/// A packet in a heap block of exactly its size.
class Exact {
public:
    explicit Exact(Bytes bytes) : copy_(new std::byte[bytes.size()]), size_(bytes.size()) {
        std::ranges::copy(bytes, copy_.get());
    }
    Bytes view() const { return {copy_.get(), size_}; }

private:
    std::unique_ptr<std::byte[]> copy_;
    std::size_t size_;
};

/// A packet with this header and body.
inline std::vector<std::byte> packet_of(const rudp::Header& header, Bytes body) {
    std::vector<std::byte> packet(rudp::header_size + body.size());
    rudp::write_ping(header, packet);
    std::ranges::copy(body, packet.begin() + static_cast<std::ptrdiff_t>(rudp::header_size));
    return packet;
}

}  // namespace netcopy::fuzz
