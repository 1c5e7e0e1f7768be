#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/stream.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"

namespace netcopy::test {

/// A line is a message; one that begins with '!' is an error. `*DIGITS` is tentative until
/// something else than a digit follows. Blank lines belong to no message.
inline Result<wire::Parsed<std::string>> parse_line(std::string_view bytes) {
    wire::Parsed<std::string> parsed;
    std::size_t start = 0;
    while (start < bytes.size() && bytes[start] == '\n') ++start;
    parsed.used = parsed.skipped = start;
    const std::string_view rest = bytes.substr(start);
    if (rest.starts_with('!')) return make_error(Errc::protocol, "no shouting");
    if (rest.starts_with('*')) {
        const std::size_t size = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
        parsed.verdict = size < rest.size() ? wire::Verdict::complete : wire::Verdict::tentative;
        parsed.message = rest.substr(0, size);
        parsed.used = start + size;
        return parsed;
    }
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return parsed;
    parsed.verdict = wire::Verdict::complete;
    parsed.message = rest.substr(0, end);
    parsed.used = start + end + 1;
    return parsed;
}

using Taken = Result<std::optional<std::string>>;

struct LineFixture {
    Loop loop;
    Connection at{loop};
    MessageLimits limits{100, 10s, 10s, 50ms};
    Clock::time_point began = Clock::now();
    std::string seen;  // by the parser of start(), the last time

    Clock::duration passed() const { return Clock::now() - began; }
    std::shared_ptr<Running<Taken>> start() {
        const auto parse = [this](std::string_view bytes) {
            seen = bytes;
            return parse_line(bytes);
        };
        return loop.start(at.stream.read_message(parse, limits));
    }
    /// Until the reader has looked at these bytes and waits for more.
    void wait_until_seen(std::string_view bytes) {
        loop.run_until([&] { return seen == bytes; });
        loop.poll();
    }
    Taken take() { return loop.run(at.stream.read_message(parse_line, limits)); }
    /// The message; "end" when the stream ended between messages.
    std::string next() {
        const Taken taken = take();
        REQUIRE(taken);
        return taken.value().value_or("end");
    }
    error_code error() { return loop.run_for_error(at.stream.read_message(parse_line, limits)); }
    /// One byte now and then for as long as the task runs, three seconds at most.
    void trickle(const std::shared_ptr<Running<Taken>>& running, std::string text,
                 Clock::duration gap) {
        const auto at_byte = std::make_shared<std::size_t>(0);
        loop.every(gap, [this, running, text = std::move(text), at_byte] {
            if (running->done || passed() > 3s) return false;
            error_code ignored;
            const std::size_t i = (*at_byte)++ % text.size();
            asio::write(at.peer, asio::buffer(text.data() + i, 1), ignored);
            return true;
        });
    }
};

inline const error_code timed_out = make_error_code(Errc::timed_out);

}  // namespace netcopy::test
