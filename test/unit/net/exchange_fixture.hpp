#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "net/exchange.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"

namespace netcopy::test {

/// A dialogue whose behaviour a test writes down. It is called in the disk pool, and looked at when
/// no job is under way.
struct Scripted final : Dialogue {
    std::string heard;
    std::string to_say;
    std::function<void()> on_work;  ///< and busy() until it has been called `works` times
    std::atomic<int> works{0};
    std::string finished_by = "bye\n";  ///< once it has heard this and said all
    Clock::time_point due_at = Clock::time_point::max();
    bool awaits = true;
    bool endless = false;          ///< says `to_say` again and again
    std::size_t takes = SIZE_MAX;  ///< bytes at a time, of those offered
    std::optional<Error> fails;    ///< in consume()
    std::optional<Error> work_fails;
    std::atomic<int> stops{0};
    std::uint64_t lines = 0;

    Result<std::size_t> consume(Bytes bytes) override {
        if (fails) return *fails;
        const auto text = as_text(bytes).substr(0, takes);
        heard += text;
        lines += static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
        return text.size();
    }
    Result<std::size_t> produce(MutableBytes buffer) override {
        const std::size_t count = std::min(buffer.size(), to_say.size());
        std::copy_n(as_bytes(to_say).begin(), count, buffer.begin());
        if (!endless) to_say.erase(0, count);
        return count;
    }
    bool busy() const override { return works > 0; }
    Result<> work() override {
        --works;
        due_at = Clock::time_point::max();
        if (on_work) on_work();
        if (work_fails) return *work_fails;
        return {};
    }
    Clock::time_point due() const override { return due_at; }
    bool awaits_peer() const override { return awaits; }
    std::uint64_t messages() const override { return lines; }
    bool finished() const override { return to_say.empty() && heard.ends_with(finished_by); }
    void stop() override { ++stops; }
    std::string_view sign_of_life() const override { return "busy\n"; }
};

/// An exchange between a scripted dialogue and a bare peer.
struct ExchangeFixture {
    Loop loop;
    Connection at{loop};
    DiskPool disk{2};
    Scripted dialogue;
    ExchangeLimits limits;
    Clock::time_point began = Clock::now();

    ExchangeFixture() {
        limits.stall = {10s};
        limits.sign_of_life = 1h;
    }

    using Ended = std::shared_ptr<Running<Result<>>>;
    Ended start(asio::cancellation_slot slot = {}) {
        began = Clock::now();
        return loop.start(exchange(at.stream, disk, dialogue, limits), slot);
    }
    void finish(const Ended& running) { loop.finish(running); }
    void check_done(const Ended& running) {
        loop.finish(running);
        CHECK(running->thrown_code() == error_code());
        REQUIRE(running->value);
        CHECK(running->value->has_value());
    }
    Clock::duration passed() const { return Clock::now() - began; }
};

}  // namespace netcopy::test
