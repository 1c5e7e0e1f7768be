#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/digest.hpp"
#include "file/commit_batch.hpp"
#include "file/tree.hpp"
#include "net/exchange.hpp"
#include "session/copy_body.hpp"
#include "session/receive_rules.hpp"
#include "wire/copy.hpp"

namespace netcopy {

/// The body that a connection is receiving.
struct IncomingBody {
    std::uint64_t n = 0;
    std::uint64_t position = 0;        // where the next byte goes
    std::uint64_t left = 0;            // of the DATA under way
    std::uint64_t hole_end = 0;        // with filling
    std::uint64_t verified = 0;        // with verifying
    std::optional<DigestSet> digests;  // of what came; none after a resume
    std::optional<wire::CopySum> sum;  // once it has come
};

/// The receiver's side of one netcopy/1 connection after the opening (docs/protocol/copy.md,
/// "States"). When it goes, what is not complete is kept for another attempt.
class CopyReceiver final : public Dialogue {
public:
    /// `digests` are the kinds that each SUM will say.
    CopyReceiver(Tree tree, const ReceiveRules& rules, std::vector<DigestKind> digests,
                 std::string peer);
    ~CopyReceiver() override;

    Result<std::size_t> consume(Bytes bytes) override;
    Result<std::size_t> produce(MutableBytes buffer) override;
    bool busy() const override;
    Result<> work() override;
    Clock::time_point due() const override;
    bool awaits_peer() const override { return true; }
    std::uint64_t messages() const override { return messages_; }
    bool finished() const override { return said_last_ && text_sent_ == text_.size(); }
    void stop() override { stopping_ = true; }
    std::string_view sign_of_life() const override { return busy_; }

    /// Makes durable what is complete, though the connection has gone. In the disk pool.
    void commit();
    std::uint64_t files() const { return files_; }  ///< that were confirmed, as new or as there
    std::uint64_t bytes() const { return bytes_; }  ///< that arrived for any file
    struct UnderWay {
        std::string_view name;
        std::uint64_t position = 0;  ///< bytes
    };
    /// The file whose body is coming in.
    std::optional<UnderWay> under_way() const;
    /// The sender has said that its whole run is done.
    bool peer_has_ended() const { return ending_; }

private:
    enum class Step {
        checking,   ///< what an earlier attempt left is read back
        hashing,    ///< what is there under that name is hashed
        comparing,  ///< HAVE was said
        wanted,
        receiving,
        filling,    ///< zeros of a hole are hashed
        verifying,  ///< a resumed file is read back
        skipping,   ///< refused in the middle of its body, which still comes
        complete,   ///< waits for the next sync
    };
    struct Request {
        wire::CopyPut put;
        Step step = Step::wanted;
        std::optional<IncomingFile> file;
        std::optional<FileHasher> hasher;
        QuotaShare quota;
        std::shared_ptr<const void> claim;  // of before_commit
        bool resumed = false;
        std::uint64_t bytes = 0;  // that arrived
        Clock::time_point began;
        Digests digests;
    };

    Result<> take(const wire::CopyPut& put);
    Result<> take(const wire::CopyFolder& folder);
    Result<> take(const wire::CopyLink& link);
    Result<> take(const wire::CopyData& data);
    Result<> take(const wire::CopySum& sum);
    Result<> take(const wire::CopyDrop& drop);
    Result<> take(const wire::CopyKeep& keep);
    Result<> take(const wire::CopyOther& other);
    Result<> take(const wire::CopySync&);
    Result<> take(const wire::CopyEnd&);
    Result<> take(const wire::CopyBusy&) { return {}; }
    Result<> take(const wire::CopyLack& lack);

    // Requests: what is offered, and what becomes of it (copy_receiver_requests.cpp).
    Result<> next(std::uint64_t n);
    void decide(std::uint64_t n, bool compared);
    void decide_by_rule(std::uint64_t n, const FileStatus& there);
    std::optional<std::string> renamed_copy(const wire::CopyPut& put);
    void want(std::uint64_t n);
    template <class Operation>
    auto sparing(Operation operation);
    Result<> create(Request& request);
    void check_some(std::uint64_t n);
    void hash_some(std::uint64_t n);
    std::optional<KnownDigest> known_digest(std::string_view name) const;
    Result<> refuse_in_flat(std::uint64_t n);
    void made(std::uint64_t n, std::string_view name, const Result<bool>& is_new);
    Result<Request*> find(std::uint64_t n, Step step, std::string_view verb);

    // Bodies (copy_receiver_body.cpp).
    Result<> begin_body(std::uint64_t n, std::uint64_t offset);
    void take_bytes(Bytes bytes);
    void go_to(std::uint64_t offset);
    void fill_some();
    void end_body();
    void verify_some();
    void compare();
    Result<> judge(Request& request) const;

    void wait_for_sync();
    bool something_waits() const { return batch_.files() > 0 || !made_.empty(); }
    void confirm(const CommitBatch::Outcome& outcome, const Result<>& folders);
    void say_last();
    void no(std::uint64_t n, std::string_view code, const Error& error);
    static std::string_view code_of(const Error& error);
    void fail(std::uint64_t n, const Error& error);
    void same(std::uint64_t n, std::string stored_as = {});
    void report(const Request& request, const Result<std::string>& stored_as, bool was_there);

    Tree tree_;
    const ReceiveRules& rules_;
    const std::vector<DigestKind> digests_;  // that each SUM says
    const std::vector<DigestKind> hashed_;   // those, and what the rules want besides
    const std::string peer_;

    std::unordered_map<std::uint64_t, Request> requests_;  // by n: without a final answer
    std::uint64_t last_n_ = 0;
    std::size_t names_ = 0;       // bytes of the requests' names
    std::size_t open_files_ = 0;  // of requests whose body has not begun
    std::optional<IncomingBody> body_;
    std::optional<std::uint64_t> working_on_;  // checking, hashing, filling or verifying

    CommitBatch batch_;
    std::vector<std::uint64_t> made_;  // folders and links that wait for the next sync
    Clock::time_point oldest_ = Clock::time_point::max();  // of what waits
    bool sync_ = false;

    const std::string busy_;  // the line
    std::string text_;        // lines to be sent
    std::size_t text_sent_ = 0;
    std::uint64_t messages_ = 0;
    std::uint64_t files_ = 0;
    std::uint64_t bytes_ = 0;
    bool stopping_ = false;
    bool ending_ = false;
    bool said_same_ = false;
    bool said_last_ = false;  // BYE or STOP
};

}  // namespace netcopy
