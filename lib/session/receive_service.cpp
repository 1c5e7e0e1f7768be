#include "session/receive_service.hpp"

#include <algorithm>
#include <iomanip>

#include "base/log.hpp"
#include "session/copy_receiver.hpp"
#include "session/transfer_receive.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

/// What a seed sender's header may need before it is told from ours.
constexpr std::size_t most_peeked = 64;  // bytes

/// Looks at the first bytes and takes none.
Result<wire::Parsed<bool>> peek(std::string_view bytes) {
    const std::string_view begin = bytes.substr(0, wire::copy_family.size());
    const bool alike = wire::copy_family.starts_with(begin);
    if (alike && begin.size() < wire::copy_family.size()) return wire::Parsed<bool>{};
    return wire::Parsed<bool>{wire::Verdict::complete, 0, alike};
}

Result<std::vector<DigestKind>> known_digests(const std::vector<std::string>& names) {
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

Task<> decline(Stream& stream, std::string code, Error error) {
    NETCOPY_LOG(warning) << stream.peer() << ": declined: " << error.context;
    std::string line;
    append(line, wire::CopyDeclined{std::move(code), std::move(error.context)});
    stream.queue(line);
    co_await stream.close_after_last_words();
}

/// What a connection brought, in a line of the log.
void log_end(const Stream& stream, std::uint64_t files, std::uint64_t bytes,
             Clock::time_point began) {
    const std::chrono::duration<double> took = Clock::now() - began;
    NETCOPY_LOG(info) << stream.peer() << ": done, " << files
                      << (files == 1 ? " file, " : " files, ") << bytes << " bytes in "
                      << std::fixed << std::setprecision(3) << took.count() << " s ("
                      << std::setprecision(0)
                      << static_cast<double>(bytes) / std::max(took.count(), 1e-6) << " B/s)";
}

}  // namespace

ReceiveService::ReceiveService(const Tree& tree, const ReceiveRules& rules, DiskPool& disk,
                               Dialects dialects, ReceiveTimes times)
    : tree_(tree), rules_(rules), disk_(disk), dialects_(dialects), times_(times) {}

Task<> ReceiveService::serve(Stream& stream) {
    NETCOPY_LOG(info) << stream.peer() << ": connected";
    if (rules_.rate) limit_receive_buffer(stream.socket(), *rules_.rate);
    MessageLimits limits;
    limits.size = most_peeked;
    limits.idle = times_.idle;
    limits.message = times_.message;
    const auto netcopy = co_await stream.read_message(peek, limits);
    if (!netcopy || !*netcopy) {
        if (rules_.on_nothing) rules_.on_nothing(stream.peer());
        NETCOPY_LOG(warning) << stream.peer() << ": connected but sent no data";
        co_return;
    }
    if (**netcopy ? dialects_ == Dialects::seed : dialects_ == Dialects::netcopy) {
        NETCOPY_LOG(warning) << stream.peer() << ": not served: --protocol forbids what it speaks";
        co_return stream.reset();
    }
    stream.no_deadline();
    if (**netcopy) {  // GCC 12 destroys the awaitables of a conditional expression, both of them
        co_await serve_copy(stream);
    } else {
        co_await serve_transfer(stream);
    }
}

Task<> ReceiveService::serve_copy(Stream& stream) {
    MessageLimits limits;
    limits.size = wire::copy_opening_limit;
    limits.idle = times_.message;
    limits.message = times_.message;
    auto opening = co_await stream.read_message(wire::parse_copy_opening, limits);
    stream.no_deadline();
    if (!opening) {
        const bool version = opening.error() == Errc::refused;
        co_return co_await decline(stream, version ? "version" : "protocol", opening.error());
    }
    if (!*opening) co_return;
    if ((**opening).purpose != "put") {
        auto unknown = make_error(Errc::refused, "this receives files and nothing else");
        co_return co_await decline(stream, "purpose", std::move(unknown));
    }
    auto kinds = known_digests((**opening).digests);
    if (!kinds) co_return co_await decline(stream, "digest", kinds.error());
    std::string line;
    append(line, wire::CopyAccepted{});
    co_await stream.write(as_bytes(line));

    const auto began = Clock::now();
    CopyReceiver receiver(tree_.another(), rules_, std::move(*kinds), stream.peer());
    ExchangeLimits exchange_limits;
    exchange_limits.stall = rules_.stall;
    exchange_limits.receiving = rules_.rate;
    Result<> ended;
    std::exception_ptr lost;
    try {
        ended = co_await exchange(stream, disk_, receiver, exchange_limits);
    } catch (...) {
        lost = std::current_exception();
    }
    // What was complete before the connection broke is not to be sent again.
    co_await disk_.run([&receiver] {
        receiver.commit();
        return true;
    });
    log_end(stream, receiver.files(), receiver.bytes(), began);
    if (receiver.peer_has_ended() && client_done_) client_done_();
    if (lost) std::rethrow_exception(lost);
    if (!ended) {
        NETCOPY_LOG(warning) << stream.peer() << ": " << ended.error().context;
        std::string words;
        append(words, wire::CopyNo{0, "protocol", ended.error().context});
        stream.queue(words);
    }
    co_await stream.close_after_last_words();
}

Task<> ReceiveService::serve_transfer(Stream& stream) {
    Tree tree = tree_.another();
    TransferRules rules;
    rules.stamp = rules_.stamp != Stamp::never;
    rules.existing = rules_.overwrite == Overwrite::never    ? Existing::keep
                     : rules_.overwrite == Overwrite::rename ? Existing::rename
                     : rules_.overwrite == Overwrite::always ? Existing::replace
                                                             : Existing::keep;  // no times here
    rules.max_size = rules_.max_size;
    rules.header = times_.message;
    rules.stall = rules_.stall;
    rules.quota = rules_.quota;
    if (rules_.on_begun) {
        rules.begun = [&](const std::string& name, std::uint64_t size) {
            rules_.on_begun(stream.peer(), name, size);
        };
    }
    rules.rate = rules_.rate;
    Progress progress;
    const auto began = Clock::now();
    const auto received =
        co_await receive_transfer(stream, disk_, tree, std::move(rules), progress);
    if (rules_.on_file) {
        ReceivedFile file;
        file.peer = stream.peer();
        file.name = received.name;
        file.size = received.size;
        file.bytes = received.bytes;
        file.verified = received.kind != wire::TransferDigest::none;
        file.took = Clock::now() - began;
        file.digests = received.digests;
        file.outcome = received.outcome;
        file.was_there = received.same;
        file.protocol = "seed";
        rules_.on_file(file);
    }
    log_end(stream, received.outcome ? 1 : 0, received.bytes, began);
    if (client_done_ && !received.name.empty()) client_done_();
}

}  // namespace netcopy
