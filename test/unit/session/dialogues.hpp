#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "net/exchange.hpp"

/// Two dialogues that talk without a connection, so that every cut of their bytes can be tried.
namespace netcopy::test {

/// What one side has said and the other has not taken yet.
class Pipe {
public:
    void put(Bytes bytes) { waiting_ += as_text(bytes); }
    /// Offers at most `most` bytes more than last time; false: nothing was taken.
    bool offer(Dialogue& to, std::size_t most) {
        shown_ += std::min(waiting_.size() - shown_, most);
        if (shown_ == 0 || to.busy()) return false;
        const std::vector<char> exact(waiting_.begin(),
                                      waiting_.begin() + static_cast<std::ptrdiff_t>(shown_));
        const auto taken = to.consume(as_bytes(std::string_view(exact.data(), exact.size())));
        if (!taken) {
            error = taken.error();
            return false;
        }
        REQUIRE(*taken <= shown_);
        waiting_.erase(0, *taken);
        shown_ -= *taken;
        return *taken > 0 || shown_ < waiting_.size();
    }
    bool empty() const { return waiting_.empty(); }
    const std::string& waiting() const { return waiting_; }

    std::optional<Error> error;

private:
    std::string waiting_;
    std::size_t shown_ = 0;
};

struct Talk {
    std::size_t cut = SIZE_MAX;             ///< bytes that arrive at a time
    std::size_t buffer = 512 * 1024;        ///< of produce()
    std::uint64_t most_bytes = UINT64_MAX;  ///< from a to b; then the connection breaks
    std::size_t flip = SIZE_MAX;            ///< of the bytes from a to b: one bit of this one
    std::function<void()> after_offers = nullptr;  ///< called once, when a has said its first bytes
    std::string from_a = {};                       ///< all of it
    std::string from_b = {};
    bool broken = false;
    bool stalled = false;
    std::optional<Error> error = {};

    /// Until both have finished, one fails, or nothing moves any more: over a connection the peer
    /// would have stalled.
    void run(Dialogue& a, Dialogue& b) {
        Pipe to_a, to_b;
        std::vector<std::byte> memory(buffer);
        for (int rest = 0; rest < 3;) {
            bool moved = say(a, to_b, from_a, memory, most_bytes);
            if (moved && after_offers) std::exchange(after_offers, nullptr)();
            moved = say(b, to_a, from_b, memory, UINT64_MAX) || moved;
            moved = to_b.offer(b, cut) || moved;
            moved = to_a.offer(a, cut) || moved;
            moved = work(a) || moved;
            moved = work(b) || moved;
            if (to_a.error || to_b.error) {
                error = to_a.error ? to_a.error : to_b.error;
                return;
            }
            if (from_a.size() >= most_bytes) {
                broken = true;
                while (!b.busy() && to_b.offer(b, cut)) {
                }
                return;
            }
            if (a.finished() && b.finished()) return;
            if (moved) {
                rest = 0;
            } else if (++rest == 2) {  // time would pass: what is due is done
                (void)a.work();
                (void)b.work();
            }
        }
        stalled = true;
    }

private:
    bool say(Dialogue& who, Pipe& to, std::string& log, std::vector<std::byte>& memory,
             std::uint64_t most) {
        if (log.size() >= most) return false;
        auto made = who.produce(memory);
        REQUIRE(made.has_value());
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(*made, most - log.size()));
        if (&log == &from_a && flip >= log.size() && flip < log.size() + count) {
            memory[flip - log.size()] ^= std::byte{1};
        }
        const Bytes bytes = Bytes(memory).first(count);
        to.put(bytes);
        log += as_text(bytes);
        return *made > 0;
    }
    static bool work(Dialogue& who) {
        const bool busy = who.busy();
        if (busy) REQUIRE(who.work().has_value());
        return busy;
    }
};

}  // namespace netcopy::test
