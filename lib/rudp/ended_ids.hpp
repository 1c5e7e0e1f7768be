#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_set>

#include "rudp/packet.hpp"

namespace netcopy::rudp {

/// The connections of a server that have ended, for as long as a cookie of theirs may be good: a
/// REQUEST that was doubled or held back on its way opens none of them again, for its packets would
/// have the same numbers once more. Remembers the latest `most`. Not thread-safe.
class EndedIds {
public:
    static constexpr std::size_t most = 65'536;

    void add(Time now, std::uint64_t connection) {
        if (!ids_.insert(connection).second) return;
        in_order_.push_back({now, connection});
        if (in_order_.size() > most) forget_oldest();
    }
    bool contains(Time now, std::uint64_t connection) {
        while (!in_order_.empty() && now - in_order_.front().ended > cookie_life) forget_oldest();
        return ids_.contains(connection);
    }
    std::size_t size() const { return in_order_.size(); }

private:
    struct One {
        Time ended;
        std::uint64_t connection;
    };
    void forget_oldest() {
        ids_.erase(in_order_.front().connection);
        in_order_.pop_front();
    }

    std::deque<One> in_order_;
    std::unordered_set<std::uint64_t> ids_;
};

}  // namespace netcopy::rudp
