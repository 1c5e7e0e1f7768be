#include "session/copy_connection.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "net/readable.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

/// The peer's answer to the opening; an error of any kind is no netcopy/1 peer's.
Task<Result<wire::CopyOpeningAnswer>> read_answer(Stream& stream, Clock::duration patience) {
    MessageLimits limits;
    limits.size = wire::copy_opening_limit;
    limits.idle = patience;
    limits.message = patience;
    auto answer = co_await stream.read_message(wire::parse_copy_opening_answer, limits);
    if (!answer) co_return answer.error();
    if (!*answer) co_return make_error(Errc::connection_lost, "the peer closed the connection");
    co_return std::move(**answer);
}

}  // namespace

Task<Result<CopyConnectionPtr>> open_copy(Endpoint endpoint, DialOptions dialing,
                                          wire::CopyOpening opening, Clock::duration patience) {
    auto dialled = co_await dial(endpoint, dialing);
    if (!dialled) co_return dialled.error();
    auto connection = std::make_shared<CopyConnection>(std::move(*dialled));
    co_return co_await open_copy(std::move(connection), std::move(opening), patience);
}

Task<Result<CopyConnectionPtr>> open_copy(CopyConnectionPtr connection, wire::CopyOpening opening,
                                          Clock::duration patience, std::string behind) {
    std::string line;
    append(line, opening);
    line += behind;
    Result<wire::CopyOpeningAnswer> answer = wire::CopyOpeningAnswer();
    try {
        connection->stream.deadline_in(patience);
        co_await connection->stream.write(as_bytes(line));
        answer = co_await read_answer(connection->stream, patience);
    } catch (const system_error& error) {
        answer = stream_error(error, "no answer");
    }
    connection->stream.no_deadline();
    if (!answer) co_return CopyConnectionPtr();
    if (const auto* declined = std::get_if<wire::CopyDeclined>(&*answer)) {
        co_return make_error(Errc::refused,
                             connection->stream.peer() + " declined: " + escape(declined->text));
    }
    const auto& accepted = std::get<wire::CopyAccepted>(*answer);
    if (accepted.purpose != opening.purpose) co_return CopyConnectionPtr();
    connection->window = accepted.window;
    connection->window_bytes = accepted.window_bytes;
    co_return connection;
}

void wake_when_readable(std::weak_ptr<CopyConnection> connection, const Executor& executor,
                        int descriptor) {
    asio::post(executor, [weak = std::move(connection), executor, descriptor] {
        const auto strong = weak.lock();
        if (!strong || std::exchange(strong->awaits_descriptor, true)) return;
        auto task = [strong, descriptor]() -> Task<> {
            co_await wait_readable(descriptor);
            strong->awaits_descriptor = false;
            strong->stream.wake();
        };
        asio::co_spawn(
            executor, std::move(task),
            asio::bind_cancellation_slot(strong->give_up_waiting.slot(), asio::detached));
    });
}

}  // namespace netcopy
