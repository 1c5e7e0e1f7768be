#include "session/checksum_server.hpp"

#include "base/bytes.hpp"
#include "base/log.hpp"

namespace netcopy {
Task<> serve_checksums(Stream& stream, TtlStore& store, const ChecksumServerLimits& limits) {
    const auto parse = [&](std::string_view bytes) {
        return wire::parse_request(bytes, limits.request);
    };
    const MessageLimits message_limits{wire::max_request(limits.request), limits.idle,
                                       limits.message, lookup_pause};
    const auto refuse = [&](const Error& error) -> Task<> {
        NETCOPY_LOG(warning) << stream.peer() << ": refused: " << error.context;
        stream.queue(wire::encode_error(error.context));
        stream.deadline_in(limits.message);
        co_await stream.close_after_last_words();
    };
    for (;;) {
        const auto request = co_await stream.read_message(parse, message_limits);
        if (!request) co_return co_await refuse(request.error());
        if (!*request) co_return;
        if ((*request)->verb == wire::Request::Verb::insert) {
            const wire::Insert& insert = (*request)->insert;
            // What is kept is the answer to KI as it will be sent.
            const std::string entry = wire::encode_entry(insert.announced, insert.checksum);
            const auto kept =
                co_await store.put(insert.id, entry, std::chrono::seconds(insert.validity));
            if (!kept) co_return co_await refuse(kept.error());
            stream.queue(wire::insert_done);
        } else {
            const auto entry = co_await store.get((*request)->lookup.id);
            if (!entry) co_return co_await refuse(entry.error());
            stream.queue(*entry ? std::string_view(**entry) : wire::no_entry);
        }
    }
}

}  // namespace netcopy
