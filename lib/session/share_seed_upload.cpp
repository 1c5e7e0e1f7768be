// A file on its way into the share, by the seed's protocol.

#include <optional>

#include "file/safe_name.hpp"
#include "net/pump.hpp"
#include "session/receive_room.hpp"
#include "session/share_seed_session.hpp"
#include "session/transfer_target.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

/// Between the prompt and the MD5 of an empty file, which follows it at once: a client that awaits
/// each with one read would find both in the first, and wait for ever.
constexpr std::chrono::milliseconds pause_for_nothing{200};

class Upload {
public:
    explicit Upload(ShareSeedSession& session) : at_(session) {}

    Task<bool> run() {
        co_await at_.say(wire::share_asks_details);
        const auto details =
            co_await at_.stream.read_message(wire::parse_share_details, at_.limits());
        at_.stream.no_deadline();
        if (!details) co_return co_await not_understood(details.error());
        if (!*details) co_return false;
        file_.peer = at_.stream.peer();
        file_.name = (*details)->name;
        file_.size = (*details)->size;
        file_.verified = false;  // the client compares
        file_.protocol = "seed";
        const auto began = Clock::now();
        file_.outcome = co_await receive();
        file_.took = Clock::now() - began;
        if (at_.rules.on_received) at_.rules.on_received(file_);
        if (file_.outcome) {
            co_await at_.say(file_.digests.front().second);
        } else if (!words_.empty()) {
            co_await at_.refuse(words_);
        }
        co_return file_.outcome.has_value();
    }

private:
    Task<bool> not_understood(const Error& error) {
        NETCOPY_LOG(warning) << at_.stream.peer() << ": " << error.context;
        if (error == Errc::protocol) co_await at_.refuse("that is no name;size");
        co_return false;
    }

    Task<Result<>> receive() {
        const auto welcome = co_await begin();
        if (!welcome) co_return welcome;
        const auto taken = co_await take_bytes();
        if (!taken) co_return taken;
        co_return co_await commit();
    }

    /// Everything that can be said before a byte comes.
    Task<Result<>> begin() {
        const auto safe = safe_name(file_.name);
        if (!safe || file_.name == SharedFolder::own_folder) {
            co_return refused("the name is not allowed",
                              safe ? "that name is netcopy's own" : safe.error().context);
        }
        if (file_.size > wire::share_size_limit) {
            co_return refused("the file is too large", "its size is beyond all limits");
        }
        const auto no = co_await reserve_room(at_.disk, at_.tree, at_.rules.max_size,
                                              at_.rules.quota, share_, file_.size, file_.size);
        if (!no) co_return cannot_store(no.error());
        if (*no) co_return refused((*no)->words, (*no)->reason);
        target_.emplace(at_.tree, file_.name, Existing::rename, true);
        const auto created = co_await at_.disk.run([this] { return target_->create(file_.size); });
        if (!created) co_return cannot_store(created.error());
        if (at_.rules.on_begun) at_.rules.on_begun(file_.peer, file_.name, file_.size);
        co_return Result<>();
    }

    Task<Result<>> take_bytes() {
        const Consume consume = [this](Bytes bytes) {
            hashed_.update(bytes);
            return target_->append(bytes);
        };
        std::optional<Error> lost;
        try {
            co_await at_.say(wire::share_ready);
            const auto pumped = co_await pump_in(at_.stream, at_.disk, consume, file_.size,
                                                 progress_, at_.rules.stall, at_.rules.receiving);
            if (!pumped) lost = cannot_store(pumped.error());
            if (file_.size == 0) {
                Timer pause(co_await asio::this_coro::executor, pause_for_nothing);
                co_await pause.async_wait(UseTask());
            }
        } catch (const system_error& error) {
            lost = stream_error(error, "cannot receive " + shown() + " from " + file_.peer);
            lost->context += "; " + std::to_string(progress_.bytes) + " of " +
                             std::to_string(file_.size) + " bytes came";
        }
        file_.bytes = progress_.bytes;
        if (lost) co_return *lost;
        file_.digests = hashed_.finish();
        co_return Result<>();
    }

    Task<Result<>> commit() {
        const auto claim = at_.folder.claim(file_.name, file_.digests);
        if (!claim) co_return refused("its MD5 is that of another file", claim.error().context);
        const auto committed = co_await at_.disk.run([this] { return make_durable(); });
        if (!committed) co_return cannot_store(committed.error());
        file_.name = committed->name;
        file_.was_there = committed->same;
        co_return Result<>();
    }

    /// In the disk pool.
    Result<TransferTarget::Committed> make_durable() {
        auto committed = target_->commit();
        if (!committed) return committed;
        if (!committed->same) share_.use_up();
        at_.folder.learn(committed->name, file_.size, file_.digests);
        return committed;
    }

    Error refused(std::string words, const std::string& reason) {
        words_ = std::move(words);
        return make_error(Errc::refused,
                          "refused " + shown() + " from " + at_.stream.peer() + ": " + reason);
    }
    Error cannot_store(const Error& error) {
        words_ = "the server cannot store it";
        return {error.code,
                "cannot receive " + shown() + " from " + at_.stream.peer() + ": " + error.context};
    }
    std::string shown() const { return "'" + escape(file_.name) + "'"; }

    ShareSeedSession& at_;
    ReceivedFile file_;
    std::optional<TransferTarget> target_;
    QuotaShare share_;
    DigestSet hashed_{{DigestKind::md5, DigestKind::sha256}};
    Progress progress_;
    std::string words_;  // for the client, when its file is refused
};

}  // namespace

Task<bool> take_share_upload(ShareSeedSession& session) {
    Upload upload(session);
    co_return co_await upload.run();
}

}  // namespace netcopy
