// A file of the share on its way to the client, from a server of whatever make.

#include "session/share_seed_fetch.hpp"

#include <optional>

#include "file/safe_name.hpp"
#include "session/share_seed_content.hpp"
#include "session/transfer_target.hpp"
#include "store/source_digest.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

class Fetch {
public:
    Fetch(ShareSeedConnection& connection, DiskPool& disk, ShareSeedFile file,
          ShareSeedTarget target, Progress& progress)
        : from_(connection),
          disk_(disk),
          file_(std::move(file)),
          target_(std::move(target)),
          progress_(progress),
          content_(file_.name + ";" + std::to_string(file_.size), file_.size, file_.id,
                   [this](Bytes bytes) { return put(bytes); }) {}

    Task<Result<ShareSeedDownloaded>> run() {
        progress_.total = file_.size;
        if (target_.tree) {
            const auto there = co_await prepare();
            if (!there) co_return there.error();
            if (*there) co_return ShareSeedDownloaded{file_.name, digests(), true};
        }
        Result<> fetched = co_await ask();
        if (fetched) fetched = co_await take_bytes();
        if (!fetched) co_return fetched.error();
        from_.done(true);
        if (!target_.tree) co_return ShareSeedDownloaded{file_.name, digests(), false};
        const auto committed = co_await disk_.run([this] { return stored_->commit(); });
        if (!committed) co_return in_the_way(committed.error());
        co_return ShareSeedDownloaded{committed->name, digests(), committed->same};
    }

private:
    /// True: the file is there already.
    Task<Result<bool>> prepare() {
        const auto safe = safe_name(file_.name);
        if (!safe) co_return in_the_way(safe.error());
        const auto there = co_await is_there();
        if (!there || *there) co_return there;
        stored_.emplace(*target_.tree, file_.name, target_.existing,
                        target_.existing == Existing::rename);
        const auto created = co_await disk_.run([this] { return stored_->create(file_.size); });
        if (!created) co_return in_the_way(created.error());
        co_return false;
    }

    Task<Result<bool>> is_there() {
        auto there = co_await disk_.run([this] { return open_equal(); });
        if (!there) co_return in_the_way(there.error());
        if (!*there) co_return false;
        const auto hex =
            co_await source_digest(disk_, **there, DigestKind::md5, nullptr, progress_);
        progress_.bytes = 0;
        if (!hex || *hex != file_.id) co_return false;
        progress_.bytes = file_.size;
        co_return true;
    }

    /// In the disk pool: a regular file of that name and size.
    Result<std::optional<FileSource>> open_equal() {
        using Found = std::optional<FileSource>;
        const auto status = target_.tree->status(file_.name);
        if (!status) return status.error();
        const bool equal = *status && (*status)->kind == FileStatus::Kind::regular &&
                           (*status)->size == file_.size;
        if (!equal) return Found();
        auto source = target_.tree->read(file_.name);
        return source ? Found(std::move(*source)) : Found();
    }

    Task<Result<>> ask() {
        Result<> result = co_await from_.begin(wire::ShareCommand::download);
        if (result) result = co_await from_.take_prompt();
        if (result) result = co_await from_.say(file_.id);
        co_return result;
    }

    Task<Result<>> take_bytes() {
        for (;;) {
            const auto moved = co_await take_some(content_.to_come());
            if (!moved) co_return moved;
            const auto fit = co_await disk_.run([this] { return content_.fits(); });
            if (!fit) co_return in_the_way(fit.error());
            if (*fit == ShareSeedContent::Fit::not_yet) continue;
            if (*fit == ShareSeedContent::Fit::yes) break;
            co_return make_error(Errc::corrupted, "corrupted: " + what() + ": the MD5 is " +
                                                      content_.md5() + ", its id is " + file_.id);
        }
        if (content_.front().empty()) co_return Result<>();
        if (!target_.tree) {
            co_return make_error(Errc::corrupted,
                                 what() + " begins with its own name and size, which servers " +
                                     "repeat ahead of a file; use -o DIR");
        }
        const auto whole =
            co_await disk_.run([this] { return stored_->prepend(content_.front()); });
        if (!whole) co_return in_the_way(whole.error());
        co_return Result<>();
    }

    Task<Result<>> take_some(std::uint64_t count) {
        if (count == 0) co_return Result<>();
        const Consume consume = [this](Bytes bytes) { return content_.take(bytes); };
        std::optional<Error> lost;
        try {
            const auto pumped = co_await pump_in(from_.stream(), disk_, consume, count, progress_,
                                                 from_.plan().stall, from_.plan().rate);
            if (!pumped) lost = in_the_way(pumped.error());
        } catch (const system_error& error) {
            lost = stream_error(error, "cannot receive " + what());
            lost->context += "; " + std::to_string(progress_.bytes) + " of " +
                             std::to_string(file_.size) + " bytes came";
        }
        if (lost) co_return *lost;
        co_return Result<>();
    }

    Result<> put(Bytes bytes) {
        if (stored_) return stored_->append(bytes);
        sha256_.update(bytes);
        return target_.take(bytes);
    }

    Digests digests() {
        Digests all{{DigestKind::md5, file_.id}};
        if (!target_.tree) all.emplace_back(DigestKind::sha256, sha256_.hex());
        return all;
    }
    std::string what() const { return "'" + escape(file_.name) + "' from " + from_.peer(); }
    Error in_the_way(const Error& error) const {
        return {error.code, "cannot receive " + what() + ": " + error.context};
    }

    ShareSeedConnection& from_;
    DiskPool& disk_;
    const ShareSeedFile file_;
    const ShareSeedTarget target_;
    Progress& progress_;
    std::optional<TransferTarget> stored_;
    Digest sha256_{DigestKind::sha256};  // of what is taken
    ShareSeedContent content_;
};

}  // namespace

Task<Result<ShareSeedDownloaded>> fetch_share_file(ShareSeedConnection& connection, DiskPool& disk,
                                                   ShareSeedFile file, ShareSeedTarget target,
                                                   Progress& progress) {
    Fetch fetch(connection, disk, std::move(file), std::move(target), progress);
    co_return co_await fetch.run();
}

}  // namespace netcopy
