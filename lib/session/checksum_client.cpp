#include "session/checksum_client.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/system/system_error.hpp>

#include "base/log.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

/// How long a pause ends an answer whose length is a lie; the end of the connection ends it sooner.
constexpr std::chrono::milliseconds answer_pause{50};
constexpr std::chrono::milliseconds first_retry{50};
constexpr std::chrono::milliseconds longest_retry{400};
/// Some servers never answer for an id they do not know: the first wait for an answer; it doubles.
constexpr std::chrono::seconds first_answer_time{1};
constexpr std::chrono::seconds rest_of_answer{3};  // from its first byte
constexpr std::size_t max_answer = 32 + 4 * limits::checksum_length;

Error with_server(const Endpoint& server, const Error& error) {
    return {error.code, "the checksum server " + to_string(server) + ": " + error.context};
}

Result<wire::Parsed<std::string_view>> parse_answer(std::string_view bytes) {
    return wire::parse_lookup_answer(bytes);
}

std::optional<std::string> entry_of(std::string_view checksum) {
    return checksum.empty() ? std::nullopt : std::optional(std::string(checksum));
}

/// What came of an answer that is shorter than it says: its length may be a lie.
std::optional<std::string> short_answer(std::string_view bytes) {
    const auto parsed = wire::parse_lookup_answer(bytes, true);
    return parsed ? entry_of(parsed->message) : std::nullopt;
}

}  // namespace

ChecksumClient::ChecksumClient(Endpoint server, DialOptions dial, Clock::duration timeout)
    : server_(std::move(server)), dial_(dial), timeout_(timeout) {}

Task<Result<>> ChecksumClient::connect() {
    auto dialled = co_await dial(server_, dial_);
    if (!dialled) {
        co_return Error{dialled.error().code,
                        dialled.error().context + "; is the checksum server running?"};
    }
    stream_ = std::make_unique<Stream>(std::move(dialled->socket), dialled->peer);
    co_return Result<>();
}

Task<Result<>> ChecksumClient::insert(wire::Insert insert) {
    const std::string message = wire::encode_insert(insert);
    if (stream_) {
        const auto inserted = co_await insert_once(message);
        if (inserted || !(inserted.error() == Errc::connection_lost)) co_return inserted;
        NETCOPY_LOG(debug) << inserted.error().context << "; connecting anew";
    }
    if (const auto connected = co_await connect(); !connected) co_return connected.error();
    co_return co_await insert_once(message);
}

Task<Result<>> ChecksumClient::insert_once(std::string message) {
    try {
        const MessageLimits answer{max_answer, timeout_, timeout_, answer_pause};
        stream_->limit_to(timeout_);
        co_await stream_->write(as_bytes(message));
        const auto done = co_await stream_->read_message(wire::parse_insert_answer, answer);
        if (!done) co_return with_server(server_, done.error());
        if (*done) co_return Result<>();
        co_return with_server(server_,
                              make_error(Errc::connection_lost, "it closed without an answer"));
    } catch (const system_error& error) {
        co_return with_server(server_, stream_error(error, "no answer"));
    }
}

Task<Result<std::optional<std::string>>> ChecksumClient::lookup(std::string id,
                                                                Clock::duration patience) {
    const auto end = Clock::now() + patience;
    Clock::duration pause = first_retry;
    Clock::duration answer_time = first_answer_time;
    for (;;) {
        auto found = co_await lookup_once(id, answer_time);
        if (found && *found) co_return found;
        const bool silent = !found && found.error() == Errc::timed_out;
        const bool hopeless =
            !found && (found.error() == Errc::refused || found.error() == Errc::protocol);
        if (hopeless || Clock::now() + pause >= end) co_return found;
        if (silent) answer_time *= 2;
        Timer timer(co_await asio::this_coro::executor, pause);
        const auto [cancelled] = co_await timer.async_wait(asio::as_tuple(UseTask()));
        if (cancelled) throw system_error(cancelled);
        pause = std::min<Clock::duration>(pause * 2, longest_retry);
    }
}

Task<Result<std::optional<std::string>>> ChecksumClient::lookup_once(std::string id,
                                                                     Clock::duration answer_time) {
    if (const auto connected = co_await connect(); !connected) co_return connected.error();
    const auto stream = std::exchange(stream_, nullptr);
    std::optional<Error> failure;
    bool ended = false;  // in order, though perhaps short of what was announced
    try {
        const MessageLimits limits{max_answer, answer_time, rest_of_answer, answer_pause};
        stream->deadline_in(answer_time);
        co_await stream->write(as_bytes(wire::encode_lookup(id)));
        stream->shutdown_send();
        const auto entry = co_await stream->read_message(parse_answer, limits);
        if (entry) co_return entry_of(entry->value_or(std::string_view()));
        failure = entry.error();
        ended = true;
    } catch (const system_error& error) {
        failure = stream_error(error, "no answer");
    }
    auto answer = short_answer(stream->buffered());
    // After a reset or a long silence it is more likely cut than complete, unless it is a whole
    // MD5.
    const bool whole =
        answer && (ended || wire::classify_entry(*answer) == wire::EntryForm::md5_hex);
    if (whole) co_return std::move(answer);
    co_return with_server(server_, *failure);
}

}  // namespace netcopy
