#include "net/rate_limit.hpp"

#include <numeric>

#include "test/unit/net/exchange_fixture.hpp"

namespace netcopy::test {
namespace {

constexpr Clock::time_point start = Clock::time_point() + std::chrono::hours(1000);

/// Everything that a greedy taker gets, by the millisecond in which it gets it.
std::vector<std::size_t> take_all(RateLimit& limit, std::size_t piece, int milliseconds) {
    std::vector<std::size_t> taken;
    for (int i = 0; i < milliseconds; ++i) {
        const auto now = start + std::chrono::milliseconds(i);
        std::size_t sum = 0;
        while (const std::size_t got = limit.take(piece, now)) sum += got;
        taken.push_back(sum);
    }
    return taken;
}

/// The most and the least in any stretch of so many parts.
std::pair<std::size_t, std::size_t> extremes(const std::vector<std::size_t>& parts,
                                             std::size_t stretch) {
    std::size_t most = 0, least = SIZE_MAX;
    for (std::size_t i = 0; i + stretch <= parts.size(); ++i) {
        const auto begin = parts.begin() + static_cast<std::ptrdiff_t>(i);
        const auto sum =
            std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(stretch), std::size_t{0});
        most = std::max(most, sum);
        least = std::min(least, sum);
    }
    return {most, least};
}

}  // namespace

TEST_CASE("A rate of 0 is no limit") {
    RateLimit limit(0);
    CHECK_FALSE(limit.limits());
    CHECK(limit.take(1 << 30, start) == 1 << 30);
    CHECK(limit.take(1 << 30, start) == 1 << 30);
    CHECK(limit.next() <= start);
}

TEST_CASE("In any second a greedy taker gets what the rate says, within 5 percent") {
    const std::size_t rate = GENERATE(std::size_t{10'000}, std::size_t{1'000'000},
                                      std::size_t{125'000'000}, std::size_t{10'000'000'000});
    const std::size_t piece = GENERATE(std::size_t{1} << 19, std::size_t{1} << 12);
    if (rate / piece > 100'000) return;  // that many takes would only be slow
    RateLimit limit(rate);
    const auto [most, least] = extremes(take_all(limit, piece, 4000), 1000);
    CHECK(static_cast<double>(most) <= static_cast<double>(rate) * 1.05);
    CHECK(static_cast<double>(least) >= static_cast<double>(rate) * 0.95);
}

TEST_CASE("A limited transfer does not go by single bytes") {
    RateLimit limit(1'000'000);
    for (int i = 0; i < 1000; ++i) {
        const std::size_t got = limit.take(1 << 20, start + std::chrono::milliseconds(i));
        if (got > 0) CHECK(got >= 1'000'000 / 100);
    }
}

TEST_CASE("A message that is smaller than a tenth of a second's worth does not wait for more") {
    RateLimit limit(1'000'000);
    CHECK(limit.take(10, start) == 10);
    CHECK(limit.take(10, start) == 10);
}

TEST_CASE("When there is nothing to take the limit says when there will be") {
    RateLimit limit(1'000'000);
    while (limit.take(1 << 20, start) > 0) {
    }
    const auto next = limit.next();
    CHECK(next > start);
    CHECK(next < start + std::chrono::milliseconds(100));
    CHECK(limit.take(1 << 20, next) > 0);
}

TEST_CASE("What was not moved after all can be taken again") {
    RateLimit limit(1'000'000);
    const std::size_t got = limit.take(1 << 20, start);
    limit.give_back(got);
    CHECK(limit.take(1 << 20, start) == got);
}

TEST_CASE("A long pause does not allow a burst beyond 5 percent of a second") {
    RateLimit limit(1'000'000);
    CHECK(limit.take(1 << 30, start) <= 50'000);
    CHECK(limit.take(1 << 30, start + std::chrono::hours(1)) <= 50'000);
}

TEST_CASE("Two that share a limit get no more than it allows") {
    RateLimit limit(1'000'000);
    std::size_t sum = 0;
    for (int i = 0; i < 2000; ++i) {
        const auto now = start + std::chrono::milliseconds(i / 2);
        sum += limit.take(1 << 20, now);
    }
    CHECK(sum <= 1'050'000);
    CHECK(sum >= 950'000);
}

namespace {

constexpr auto part = 100ms;
constexpr std::size_t parts = 14;

struct Measurement {
    std::vector<std::size_t> counts;  // bytes in each part of a second
    bool spoilt = false;              // something else had the processor meanwhile
};

/// `moved` says how many bytes have moved by now.
Measurement measure(Loop& loop, const std::function<std::size_t()>& moved) {
    constexpr auto hiccup = 60ms;  // the loop comes round every 20 ms
    Measurement made;
    std::size_t before = moved();
    auto next = Clock::now(), last = next;
    for (std::size_t i = 0; i < parts; ++i) {
        next += part;
        loop.run_until([&] {
            moved();
            const auto now = Clock::now();
            made.spoilt = made.spoilt || now - std::exchange(last, now) > hiccup;
            return now >= next;
        });
        const std::size_t now = moved();
        made.counts.push_back(now - before);
        before = now;
    }
    return made;
}

bool keeps_to(const std::vector<std::size_t>& counts, std::size_t rate) {
    const auto [most, least] = extremes(counts, 10);
    return static_cast<double>(most) <= static_cast<double>(rate) * 1.05 &&
           static_cast<double>(least) >= static_cast<double>(rate) * 0.95;
}

/// A machine that is busy with something else may spoil a measurement, or even all of them: those
/// prove nothing.
void check_rate(Loop& loop, const std::function<std::size_t()>& moved, std::size_t rate) {
    const auto began = Clock::now();
    bool measured = false;
    do {
        const auto made = measure(loop, moved);
        if (keeps_to(made.counts, rate)) return;
        measured = measured || !made.spoilt;
    } while (Clock::now() - began < 8s);
    if (measured) FAIL("the rate was kept in no measurement");
    WARN("the machine was too busy to measure a rate");
}

}  // namespace

TEST_CASE("A sender that is limited keeps to its rate over any second") {
    ExchangeFixture at;
    constexpr std::size_t rate = 20'000'000;
    RateLimit limit(rate);
    at.limits.sending = &limit;
    at.dialogue.endless = true;
    at.dialogue.to_say = std::string(512 * 1024, 'x');
    asio::cancellation_signal cancel;
    const auto running = at.start(cancel.slot());
    at.at.peer.non_blocking(true);
    std::vector<char> buffer(1 << 20);
    std::size_t heard = 0;
    const auto moved = [&] {
        error_code error;
        while (!error) heard += at.at.peer.read_some(asio::buffer(buffer), error);
        return heard;
    };
    at.loop.run_until([&] { return moved() > rate / 10; });
    check_rate(at.loop, moved, rate);
    CHECK_FALSE(running->done);
    cancel.emit(asio::cancellation_type::terminal);
    at.finish(running);
}

TEST_CASE("A receiver that is limited keeps its sender to its rate over any second") {
    ExchangeFixture at;
    constexpr std::size_t rate = 20'000'000;
    RateLimit limit(rate);
    limit_receive_buffer(at.at.stream.socket(), limit);
    at.at.peer.set_option(asio::socket_base::send_buffer_size(64 * 1024));
    at.limits.receiving = &limit;
    at.dialogue.finished_by = "never";
    asio::cancellation_signal cancel;
    const auto running = at.start(cancel.slot());
    at.at.peer.non_blocking(true);
    const std::string bytes(64 * 1024, 'x');
    std::size_t said = 0;
    const auto moved = [&] {
        error_code error;
        while (!error) said += at.at.peer.write_some(asio::buffer(bytes), error);
        return said;
    };
    at.loop.run_until([&] { return moved() > rate / 5; });
    check_rate(at.loop, moved, rate);
    CHECK_FALSE(running->done);
    cancel.emit(asio::cancellation_type::terminal);
    at.finish(running);
}

}  // namespace netcopy::test
