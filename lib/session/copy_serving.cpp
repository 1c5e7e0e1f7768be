#include "session/copy_serving.hpp"

#include <algorithm>
#include <iomanip>

#include "base/log.hpp"
#include "net/exchange.hpp"
#include "session/copy_receiver.hpp"

namespace netcopy {
namespace {

/// What a seed sender's header may need before it is told from ours.
constexpr std::size_t most_peeked = 64;  // bytes

/// Looks at the first bytes and takes none.
Result<wire::Parsed<bool>> peek(std::string_view bytes) {
    const std::string_view begin = bytes.substr(0, wire::copy_family.size());
    const bool alike = wire::copy_family.starts_with(begin);
    if (alike && begin.size() < wire::copy_family.size()) return wire::Parsed<bool>{};
    return wire::Parsed<bool>{wire::Verdict::complete, 0, alike};
}

}  // namespace

Task<> serve_by_first_bytes(Stream& stream, Dialects dialects, ReceiveTimes times,
                            const ReceiveRules& rules, SessionFn netcopy, SessionFn others) {
    NETCOPY_LOG(info) << stream.peer() << ": connected";
    if (rules.rate) limit_receive_buffer(stream.socket(), *rules.rate);
    MessageLimits limits;
    limits.size = most_peeked;
    limits.idle = times.idle;
    limits.message = times.message;
    const auto alike = co_await stream.read_message(peek, limits);
    stream.no_deadline();
    if (!alike || !*alike) {
        NETCOPY_LOG(warning) << stream.peer() << ": connected but sent no data";
        if (rules.on_nothing) rules.on_nothing(stream.peer());
    } else if (**alike ? dialects == Dialects::seed : dialects == Dialects::netcopy) {
        NETCOPY_LOG(warning) << stream.peer() << ": not served: --protocol forbids what it speaks";
        stream.reset();
    } else if (**alike) {
        co_await netcopy(stream);
    } else {
        co_await others(stream);
    }
}

Task<std::optional<wire::CopyOpening>> read_copy_opening(Stream& stream, Clock::duration idle,
                                                         Clock::duration message) {
    MessageLimits limits;
    limits.size = wire::copy_opening_limit;
    limits.idle = idle;
    limits.message = message;
    auto opening = co_await stream.read_message(wire::parse_copy_opening, limits);
    stream.no_deadline();
    if (!opening) {
        const bool version = opening.error() == Errc::refused;
        co_await decline_copy(stream, version ? "version" : "protocol", opening.error());
        co_return std::nullopt;
    }
    co_return std::move(*opening);
}

Result<std::vector<DigestKind>> known_digest_kinds(const std::vector<std::string>& names) {
    std::vector<DigestKind> kinds;
    for (const std::string& name : names) {
        const auto kind = parse_digest_kind(name);
        if (!kind)
            return make_error(Errc::refused, "digest " + escape(name) + " is not known here");
        kinds.push_back(*kind);
    }
    if (kinds.empty()) return make_error(Errc::refused, "a digest has to be named");
    return kinds;
}

Task<> decline_copy(Stream& stream, std::string code, Error error) {
    NETCOPY_LOG(warning) << stream.peer() << ": declined: " << error.context;
    std::string line;
    append(line, wire::CopyDeclined{std::move(code), std::move(error.context)});
    stream.queue(line);
    co_await stream.close_after_last_words();
}

void log_received(const Stream& stream, std::uint64_t files, std::uint64_t bytes,
                  Clock::time_point began) {
    const std::chrono::duration<double> took = Clock::now() - began;
    NETCOPY_LOG(info) << stream.peer() << ": done, " << files
                      << (files == 1 ? " file, " : " files, ") << bytes << " bytes in "
                      << std::fixed << std::setprecision(3) << took.count() << " s ("
                      << std::setprecision(0)
                      << static_cast<double>(bytes) / std::max(took.count(), 1e-6) << " B/s)";
}

Task<bool> serve_put(Stream& stream, DiskPool& disk, const Tree& tree, const ReceiveRules& rules,
                     std::vector<DigestKind> digests, std::function<void()> on_ended) {
    std::string line;
    append(line, wire::CopyAccepted{});
    co_await stream.write(as_bytes(line));

    const auto began = Clock::now();
    CopyReceiver receiver(tree.another(), rules, std::move(digests), stream.peer());
    ExchangeLimits limits;
    limits.stall = rules.stall;
    limits.receiving = rules.rate;
    Result<> ended;
    std::exception_ptr lost;
    try {
        ended = co_await exchange(stream, disk, receiver, limits);
    } catch (...) {
        lost = std::current_exception();
    }
    // What was complete before the connection broke is not to be sent again.
    co_await disk.run([&receiver] {
        receiver.commit();
        return true;
    });
    log_received(stream, receiver.files(), receiver.bytes(), began);
    if (receiver.peer_has_ended() && on_ended) on_ended();
    if (lost) std::rethrow_exception(lost);
    if (ended && receiver.peer_has_ended()) co_return true;
    if (!ended) {
        NETCOPY_LOG(warning) << stream.peer() << ": " << ended.error().context;
        std::string words;
        append(words, wire::CopyNo{0, "protocol", ended.error().context});
        stream.queue(words);
    }
    co_await stream.close_after_last_words();
    co_return false;
}

}  // namespace netcopy
