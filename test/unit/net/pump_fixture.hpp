#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "net/pump.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"
#include "test/unit/sample.hpp"

namespace netcopy::test {

using Pumped = Result<std::uint64_t>;

inline constexpr std::size_t kib = 1024;

/// Sizes around whatever buffer or slice a pump may have.
inline const std::vector<std::size_t> sizes = {0,
                                               1,
                                               1023,
                                               4096,
                                               4097,
                                               256 * kib - 1,
                                               256 * kib,
                                               256 * kib + 1,
                                               512 * kib - 1,
                                               512 * kib,
                                               512 * kib + 1,
                                               1024 * kib,
                                               1024 * kib + 1,
                                               3000 * kib + 7};

/// A source and a target in memory, and the pumps between them and a connection.
struct PumpFixture {
    Loop loop;
    Connection at{loop};
    Progress progress;
    StallLimit stall{10s};
    Clock::time_point began = Clock::now();
    std::string text;  // of the source
    std::size_t given = 0;
    std::string taken;  // by the target
    DiskPool disk{2};

    Clock::duration passed() const { return Clock::now() - began; }

    Result<std::optional<std::size_t>> give(MutableBytes buffer, std::size_t most = SIZE_MAX) {
        const std::string_view rest = std::string_view(text).substr(given);
        const std::size_t count = std::min({rest.size(), buffer.size(), most});
        std::copy_n(as_bytes(rest).begin(), count, buffer.begin());
        given += count;
        return std::optional(count);
    }

    std::shared_ptr<Running<Pumped>> start_out(Produce produce, WaitForSource wait = {},
                                               asio::cancellation_slot slot = {}) {
        return loop.start(
            pump_out(at.stream, disk, std::move(produce), std::move(wait), progress, stall), slot);
    }
    std::shared_ptr<Running<Pumped>> start_out(asio::cancellation_slot slot = {}) {
        return start_out([this](MutableBytes buffer) { return give(buffer); }, {}, slot);
    }
    std::shared_ptr<Running<Pumped>> start_in(std::optional<std::uint64_t> length = {},
                                              asio::cancellation_slot slot = {}) {
        const Consume consume = [this](Bytes bytes) {
            taken += as_text(bytes);
            return Result<>();
        };
        return start_in(length, consume, slot);
    }
    std::shared_ptr<Running<Pumped>> start_in(std::optional<std::uint64_t> length, Consume consume,
                                              asio::cancellation_slot slot = {}) {
        return loop.start(pump_in(at.stream, disk, std::move(consume), length, progress, stall),
                          slot);
    }

    /// The peer sends all of it, as the connection takes it, and then ends.
    void peer_sends(const std::string& all, bool then_end = true) {
        at.peer.non_blocking(true);
        const auto sent = std::make_shared<std::size_t>(0);
        loop.every(0ms, [this, &all, then_end, sent] {
            error_code error;
            while (!error && *sent < all.size()) {
                *sent +=
                    at.peer.write_some(asio::buffer(all.data() + *sent, all.size() - *sent), error);
            }
            if (*sent < all.size()) return error == asio::error::would_block;
            if (then_end) at.end();
            return false;
        });
    }
};

inline const error_code timed_out = make_error_code(Errc::timed_out);
inline const error_code connection_lost = make_error_code(Errc::connection_lost);

/// So small that the kernel holds little of what the peer does not read.
inline void make_narrow(Connection& at) {
    at.stream.socket().set_option(asio::socket_base::send_buffer_size(4096));
    at.peer.set_option(asio::socket_base::receive_buffer_size(4096));
}

}  // namespace netcopy::test
