#include "session/receive_service.hpp"

#include "session/copy_serving.hpp"
#include "session/transfer_receive.hpp"

namespace netcopy {

ReceiveService::ReceiveService(const Tree& tree, const ReceiveRules& rules, DiskPool& disk,
                               Dialects dialects, ReceiveTimes times)
    : tree_(tree), rules_(rules), disk_(disk), dialects_(dialects), times_(times) {}

Task<> ReceiveService::serve(Stream& stream) {
    return serve_by_first_bytes(
        stream, dialects_, times_, rules_, [this](Stream& peer) { return serve_copy(peer); },
        [this](Stream& peer) { return serve_transfer(peer); });
}

Task<> ReceiveService::serve_copy(Stream& stream) {
    const auto opening = co_await read_copy_opening(stream, times_.message, times_.message);
    if (!opening) co_return;
    if (opening->purpose != "put") {
        auto unknown = make_error(Errc::refused, "this receives files and nothing else");
        co_return co_await decline_copy(stream, "purpose", std::move(unknown));
    }
    auto kinds = known_digest_kinds(opening->digests);
    if (!kinds) co_return co_await decline_copy(stream, "digest", kinds.error());
    if (co_await serve_put(stream, disk_, tree_, rules_, std::move(*kinds), client_done_)) {
        co_await stream.close_after_last_words();
    }
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
    log_received(stream, received.outcome ? 1 : 0, received.bytes, began);
    if (client_done_ && !received.name.empty()) client_done_();
}

}  // namespace netcopy
