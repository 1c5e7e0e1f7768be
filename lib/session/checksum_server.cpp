#include "session/checksum_server.hpp"

#include "base/bytes.hpp"
#include "base/log.hpp"

namespace netcopy {
namespace {

Task<Result<std::string>> answer(const wire::Request& request, TtlStore& store) {
    if (request.verb == wire::Request::Verb::lookup) {
        auto entry = co_await store.get(request.lookup.id);
        if (!entry) co_return entry.error();
        co_return entry->value_or(std::string(wire::no_entry));
    }
    const wire::Insert& insert = request.insert;
    // What is kept is the answer to KI as it will be sent.
    const std::string entry = wire::encode_entry(insert.announced, insert.checksum);
    const auto kept = co_await store.put(insert.id, entry, std::chrono::seconds(insert.validity));
    if (!kept) co_return kept.error();
    co_return std::string(wire::insert_done);
}

}  // namespace

Task<> serve_checksums(Stream& stream, TtlStore& store, const ChecksumServerLimits& limits) {
    const auto parse = [&](std::string_view bytes) { return wire::parse_request(bytes, limits.request); };
    const MessageLimits message_limits{wire::max_request(limits.request), limits.idle, limits.message,
                                       lookup_pause};
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
        const auto said = co_await answer(**request, store);
        if (!said) co_return co_await refuse(said.error());
        stream.queue(*said);
    }
}

}  // namespace netcopy
