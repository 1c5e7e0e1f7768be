#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/digest.hpp"
#include "file/incoming.hpp"
#include "net/exchange.hpp"
#include "session/copy_body.hpp"
#include "session/copy_queue.hpp"
#include "session/copy_run.hpp"
#include "wire/copy.hpp"

namespace netcopy {

struct CopySenderOptions {
    std::vector<DigestKind> digests = {DigestKind::sha256};
    bool compare = false;  ///< by digest, although size and time are equal
    bool metadata = true;  ///< the receiver is to apply mode and time
    bool ask = false;      ///< send nothing: what is wanted counts as sent
    std::size_t window = wire::copy_window;
    std::size_t window_bytes = wire::copy_window_bytes;
    /// With "get", when we are the server: the peer asks for a file. Either it is in the queue when
    /// this returns, or why not is in the answer. None: nothing is to be asked for.
    std::function<std::optional<wire::CopyLack>(const wire::CopyGet&)> on_get;
};

/// The sender's side of one netcopy/1 connection after the opening (docs/protocol/copy.md,
/// "States"). What is not finished when it goes is given back to the queue.
class CopySender final : public CopyTalk {
public:
    /// `on_starved` is called when a pipe has nothing to read, with its descriptor.
    CopySender(CopyQueue& queue, CopySenderOptions options, std::string peer,
               std::function<void(int)> on_starved);
    ~CopySender() override;

    Result<std::size_t> consume(Bytes bytes) override;
    Result<std::size_t> produce(MutableBytes buffer) override;
    bool busy() const override;
    Result<> work() override;
    Clock::time_point due() const override;
    bool awaits_peer() const override { return !pending_.empty() || ending_ || options_.on_get; }
    std::uint64_t messages() const override { return messages_; }
    bool finished() const override { return ended_ || (stopping_ && at_rest()); }
    /// What is under way is finished; the peer, who may want more, sees the connection end.
    void stop() override { stopping_ = options_.on_get != nullptr; }
    std::string_view sign_of_life() const override { return busy_; }

    /// The connection has brought the run forward: a file to its end, or the peer has more of one.
    bool fruitful() const override { return settled_ > 0 || sent_ >= resumable_size; }

private:
    enum class Step { offered, wanted, comparing, confirming, dropped };
    struct Pending {
        CopyItemPtr item;
        Step step = Step::offered;
        std::size_t line = 0;     // bytes of its request
        bool ahead = true;        // its body has not begun
        wire::CopyWant want;      // with wanted
        wire::CopyDigest theirs;  // with comparing
        std::uint64_t bytes = 0;  // with confirming
        Digests digests;
        std::optional<Error> own_error;  // with dropped
    };

    bool may_offer() const;
    bool at_rest() const { return pending_.empty() && text_sent_ == text_.size(); }
    void no_longer_ahead(Pending& pending);
    void offer_some();
    void offer(CopyItemPtr item);
    bool begin_next_body();
    void read_ahead(std::uint64_t n, std::uint64_t offset);
    void advance_body(MutableBytes buffer, std::size_t& filled);
    void end_body();
    void drop(std::uint64_t n, const CopyFailure& failure);
    void compare_next();
    Result<> compare_some();

    Result<> take(const wire::CopyKept& kept);
    Result<> take(const wire::CopyWant& want);
    Result<> take(const wire::CopyHave& have);
    Result<> take(const wire::CopySame& same);
    Result<> take(const wire::CopyDone& done);
    Result<> take(const wire::CopyNo& no);
    Result<> take(const wire::CopyStop&);
    Result<> take(const wire::CopyBye&);
    Result<> take(const wire::CopyBusy&) { return {}; }
    Result<> take(const wire::CopyGet& get);
    Result<> take(const wire::CopyLast&);
    Result<Pending*> find(std::uint64_t n);
    Pending forget(std::uint64_t n);
    void settle(std::uint64_t n, CopyOutcome outcome);
    void refuse(std::uint64_t n, const wire::CopyNo& no);

    CopyQueue& queue_;
    const CopySenderOptions options_;
    const std::string peer_;
    const std::function<void(int)> on_starved_;

    std::unordered_map<std::uint64_t, Pending> pending_;  // by n: without a final answer
    std::uint64_t last_n_ = 0;
    std::size_t pending_lines_ = 0;  // bytes
    std::size_t ahead_ = 0;          // offered, its body not begun
    std::uint64_t ahead_bytes_ = 0;  // of those files
    CopyItemPtr held_;               // taken, but the window has no room for its line yet
    std::size_t held_line_ = 0;      // bytes
    std::deque<std::uint64_t> wanted_;
    std::deque<std::uint64_t> to_compare_;
    std::optional<FileHasher> hasher_;  // of the first of to_compare_
    std::optional<OutgoingBody> body_;
    std::optional<OutgoingBody> early_;  // read ahead, its WANT has not come yet

    const std::string busy_;  // the line
    std::string text_;        // lines to be sent
    std::size_t text_sent_ = 0;
    std::uint64_t messages_ = 0;
    std::uint64_t settled_ = 0;  // requests with a final answer
    std::uint64_t sent_ = 0;     // bytes of bodies
    bool idle_ = false;          // nothing is to be said at the moment
    bool unsynced_ = false;      // something waits for the receiver's next sync
    bool ending_ = false;        // END was said
    bool ended_ = false;         // and BYE heard
    bool peer_stops_ = false;
    bool stopping_ = false;
    bool peer_has_asked_all_ = false;  // LAST
    std::uint64_t asked_ = 0;          // GETs without a final answer
};

}  // namespace netcopy
