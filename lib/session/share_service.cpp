#include "session/share_service.hpp"

#include "base/log.hpp"
#include "session/copy_sender.hpp"
#include "session/copy_serving.hpp"
#include "session/share_list.hpp"
#include "session/shared_folder.hpp"

namespace netcopy {
namespace {

using wire::CopyLack;

/// What a client asks for, in the queue of its connection; or why it is not to be had.
std::optional<CopyLack> find_wish(const SharedFolder& folder, const std::filesystem::path& root,
                                  CopyQueue& queue, const wire::CopyGet& get) {
    auto file = folder.find(get.name);
    if (!file) return CopyLack{get.name, "gone", "no file of that name is there"};
    if (!get.id.empty() && get.id != file->md5) {
        return CopyLack{get.name, "changed", "the file of that name has another content by now"};
    }
    auto item = std::make_shared<CopyItem>();
    item->name = get.name;
    item->path = root / get.name;
    item->status = file->status;
    item->digests = {{DigestKind::md5, std::move(file->md5)},
                     {DigestKind::sha256, std::move(file->sha256)}};
    queue.add(std::move(item));
    return std::nullopt;
}

}  // namespace

ShareService::ShareService(SharedFolder& folder, const Tree& tree, const ShareRules& rules,
                           DiskPool& disk, Dialects dialects, ReceiveTimes times, SessionFn seed)
    : folder_(folder),
      tree_(tree),
      rules_(rules),
      disk_(disk),
      dialects_(dialects),
      times_(times),
      seed_(std::move(seed)) {
    receive_.overwrite = Overwrite::rename;
    receive_.same_bytes_once = true;
    receive_.max_size = rules.max_size;
    receive_.quota = rules.quota;
    receive_.rate = rules.receiving;
    receive_.stall = rules.stall;
    receive_.flat = true;
    receive_.digests = {DigestKind::md5, DigestKind::sha256};
    receive_.say_digests = true;
    receive_.on_begun = rules.on_begun;
    receive_.on_nothing = rules.on_nothing;
    receive_.allowed_name = [](const std::string& name) -> Result<> {
        if (name != SharedFolder::own_folder) return {};
        return make_error(Errc::refused, "the share keeps its index under that name");
    };
    receive_.before_commit = [this](const std::string& name, const Digests& digests) {
        return folder_.claim(name, digests);
    };
    receive_.on_file = [this](const ReceivedFile& file) {
        if (file.outcome && !file.was_there) folder_.learn(file.name, file.size, file.digests);
        if (rules_.on_received) rules_.on_received(file);
    };
}

Task<> ShareService::serve(Stream& stream) {
    return serve_by_first_bytes(
        stream, dialects_, times_, receive_, [this](Stream& peer) { return serve_copy(peer); },
        seed_);
}

/// One conversation after the other, until the client closes.
Task<> ShareService::serve_copy(Stream& stream) {
    for (bool goes_on = true; goes_on;) {
        const auto opening = co_await read_copy_opening(stream, times_.idle, times_.message);
        if (!opening) break;
        const std::string& purpose = opening->purpose;
        if (purpose == "list") {
            goes_on = co_await serve_list(stream);
            continue;
        }
        if (purpose != "get" && purpose != "put") {
            auto unknown = make_error(Errc::refused, "this lists, gets and puts, and nothing else");
            co_return co_await decline_copy(stream, "purpose", std::move(unknown));
        }
        if (purpose == "put" && rules_.read_only) {
            auto closed = make_error(Errc::refused, "this share is read-only: it takes no uploads");
            co_return co_await decline_copy(stream, "purpose", std::move(closed));
        }
        auto kinds = known_digest_kinds(opening->digests);
        if (!kinds) co_return co_await decline_copy(stream, "digest", kinds.error());
        if (purpose == "get") {
            goes_on = co_await serve_get(stream, std::move(*kinds));
        } else {
            goes_on = co_await serve_put(stream, disk_, tree_, receive_, std::move(*kinds), {});
        }
    }
}

Task<bool> ShareService::serve_list(Stream& stream) {
    ShareLister lister(folder_);
    co_await say_accepted(stream, "list");
    const auto ended = co_await converse(stream, lister);
    NETCOPY_LOG(info) << stream.peer() << ": listed " << lister.files() << " files";
    co_return ended;
}

Task<bool> ShareService::serve_get(Stream& stream, std::vector<DigestKind> digests) {
    TreeProgress progress;
    CopyQueue queue(progress, [this, &stream](const CopyItem& item, const CopyOutcome& outcome) {
        if (!rules_.on_served) return;
        ServedFile served;
        served.peer = stream.peer();
        served.name = item.name;
        if (outcome.kind == CopyOutcome::Kind::failed) {
            served.outcome = outcome.error;
        } else {
            served.bytes = item.status.size;
            served.was_there = outcome.kind == CopyOutcome::Kind::same;
        }
        rules_.on_served(served);
    });
    CopySenderOptions options;
    options.digests = std::move(digests);
    options.on_get = [&](const wire::CopyGet& get) {
        return find_wish(folder_, tree_.root(), queue, get);
    };
    CopySender sender(queue, std::move(options), stream.peer(), {});
    co_await say_accepted(stream, "get");
    co_return co_await converse(stream, sender);
}

/// True: the peer may open another conversation.
Task<bool> ShareService::converse(Stream& stream, Dialogue& dialogue) {
    tune_for_neighbour(stream.socket());
    ExchangeLimits limits;
    limits.stall = rules_.stall;
    limits.sending = rules_.sending;
    const auto ended = co_await exchange(stream, disk_, dialogue, limits);
    if (ended) co_return true;
    NETCOPY_LOG(warning) << stream.peer() << ": " << ended.error().context;
    co_await stream.close_after_last_words();
    co_return false;
}

Task<> ShareService::say_accepted(Stream& stream, std::string purpose) {
    wire::CopyAccepted accepted;
    accepted.purpose = std::move(purpose);
    std::string line;
    append(line, accepted);
    co_await stream.write(as_bytes(line));
}

}  // namespace netcopy
