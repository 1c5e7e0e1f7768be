#include <map>
#include <unordered_map>
#include <unordered_set>

#include "app/reported_run.hpp"
#include "app/share_remote.hpp"
#include "base/bytes.hpp"
#include "session/share_seed_run.hpp"
#include "store/source_digest.hpp"

namespace netcopy::app {
namespace {

Error usage(std::string what) { return make_error(Errc::usage, std::move(what)); }

/// An operand that is a file which can be examined; the others are left to CopyQueue.
struct Candidate {
    std::filesystem::path word;  ///< as typed: its last component is the name
    std::filesystem::path path;  ///< to open it by
    std::string name;
    std::uint64_t size = 0;
};

class Uploading {
public:
    Uploading(Context& context, const ShareAccess& access, const ShareOperands& operands,
              DiskPool& disk, bool no_cache)
        : context_(context),
          operands_(operands),
          disk_(disk),
          remote_(context, access, operands.endpoint, disk,
                  operands.words.size() == 1 ? quote(operands.words.front())
                                             : quote(operands.words.front()) + " and others"),
          report_(context, CopyReport::Style::upload) {
        const auto folder = DigestCache::default_folder();
        if (folder && !no_cache) cache_.emplace(*folder);
    }

    /// What the operands are needs no connection to be told.
    Result<> look_at_operands() {
        for (const std::string& word : operands_.words) {
            if (word == "-") return usage("upload takes files; 'netcopy send' takes '-'");
            TreeWalk walk({word}, {});
            while (auto entry = walk.next()) {
                if (entry->kind == WalkEntry::Kind::failed && entry->error == Errc::usage) {
                    return usage(quote(word) +
                                 " is a folder, and a share has none: 'netcopy send -r' sends "
                                 "folders to a 'netcopy receive'");
                }
                if (entry->kind != WalkEntry::Kind::file) {
                    paths_.emplace_back(word);
                    continue;
                }
                candidates_.push_back(
                    {word, std::move(entry->path), std::move(entry->name), entry->status.size});
            }
        }
        return {};
    }

    Task<Result<int>> run(bool force) {
        const ReportedRun run{context_, progress_, report_, remote_.peer(),
                              [this] { return sum(); }};
        const auto work = [this, force] { return upload(force); };
        co_return co_await run_reported(run, work);
    }

private:
    Task<Result<>> upload(bool force) {
        const auto uploaded = co_await try_upload(force);
        if (!uploaded) co_await fail_rest(uploaded.error());
        co_return uploaded;
    }

    /// A line for each file that the end of the run leaves undone; the reason is told once.
    Task<> fail_rest(const Error& error) {
        const CopyOutcome outcome = failed_outcome(error);
        if (!queue_) {
            for (const std::string& word : operands_.words) {
                report_.left_undone(std::filesystem::path(word).filename().string(), outcome);
            }
            co_return;
        }
        for (;;) {
            auto item = co_await disk_.run([this] { return queue_->take(); });
            if (!item && !queue_->has_more()) co_return;
            if (item) report_.left_undone(item->name, outcome);
        }
    }

    Task<Result<>> try_upload(bool force) {
        if (!force) {
            const auto left_out = co_await leave_out_what_is_there();
            if (!left_out) co_return left_out.error();
        } else {
            for (Candidate& each : candidates_) paths_.push_back(std::move(each.word));
        }
        if (paths_.empty()) {
            progress_.counting = false;
            co_return Result<>();
        }
        queue_.emplace(TreeWalk(std::move(paths_), {}), progress_,
                       [this](const CopyItem& item, const CopyOutcome& outcome) {
                           report_.done(item.name, outcome);
                       });
        co_return co_await send(*queue_, force);
    }

    Task<Result<>> send(CopyQueue& queue, bool force) {
        ShareClient* const client = remote_.netcopy();
        const bool may_be_netcopy = force && remote_.wants_netcopy();
        if (client || may_be_netcopy) {
            CopySend sender(remote_.send_plan(), disk_, queue);
            CopyConnectionPtr idle;  // GCC 12 destroys a conditional in a co_await twice
            if (client) idle = client->release();
            const auto connected = co_await sender.connect(std::move(idle));
            if (!connected) co_return remote_.explained(connected.error());
            if (*connected) {
                remote_.connected_to(sender.peer());
                co_return co_await sender.run();
            }
            const auto allowed = remote_.may_use_seed();
            if (!allowed) co_return allowed.error();
        }
        const auto sent = co_await upload_by_seed(
            queue, disk_, remote_.seed_plan(), remote_.connections(1),
            [this](const std::string& peer) { remote_.connected_to(peer); });
        if (!sent) co_return remote_.explained(sent.error());
        co_return Result<>();
    }

    /// Of the list only what has the size of one of ours is kept, and only such files are hashed.
    Task<Result<>> leave_out_what_is_there() {
        std::unordered_multimap<std::uint64_t, ListedFile> there;
        for (const Candidate& each : candidates_) sizes_.insert(each.size);
        const auto listed = co_await remote_.list([this, &there](ListedFile file) {
            if (sizes_.contains(file.size)) there.emplace(file.size, std::move(file));
        });
        if (!listed) co_return listed.error();
        for (Candidate& each : candidates_) {
            const auto [first, last] = there.equal_range(each.size);
            std::vector<const ListedFile*> alike;
            for (auto at = first; at != last; ++at) alike.push_back(&at->second);
            const ListedFile* same = nullptr;
            if (!alike.empty()) same = co_await find_same(each, alike);
            if (same == nullptr) {
                paths_.push_back(std::move(each.word));
            } else {
                is_there(each, *same);
            }
        }
        co_return Result<>();
    }

    /// By SHA-256 where the server says it, for two files may have one MD5; null: none. A file that
    /// cannot be read has its error told when it is to be sent.
    Task<const ListedFile*> find_same(const Candidate& file,
                                      const std::vector<const ListedFile*>& alike) {
        auto source = co_await disk_.run([&file] { return FileSource::open(file.path); });
        if (!source) co_return nullptr;
        const auto shown = progress_.begin(file.name, file.size);
        shown->phase = Phase::hashing;
        std::map<DigestKind, std::string> ours;
        const ListedFile* found = nullptr;
        for (const ListedFile* each : alike) {
            const DigestKind kind = each->sha256.empty() ? DigestKind::md5 : DigestKind::sha256;
            if (!ours.contains(kind)) {
                shown->bytes = 0;
                auto hex = co_await source_digest(disk_, *source, kind, cache_ ? &*cache_ : nullptr,
                                                  *shown);
                if (!hex) co_return nullptr;
                ours[kind] = std::move(*hex);
            }
            const std::string& theirs = kind == DigestKind::md5 ? each->id : each->sha256;
            if (ours[kind] != theirs) continue;
            if (found == nullptr || each->name == file.name) found = each;
        }
        co_return found;
    }

    void is_there(const Candidate& file, const ListedFile& there) {
        CopyOutcome outcome;
        outcome.kind = CopyOutcome::Kind::same;
        outcome.bytes = file.size;
        outcome.digests.emplace_back(DigestKind::md5, there.id);
        if (!there.sha256.empty()) outcome.digests.emplace_back(DigestKind::sha256, there.sha256);
        if (there.name != file.name) outcome.stored_as = there.name;
        progress_.total += file.size;
        progress_.bytes += file.size;
        ++progress_.files_total;
        ++progress_.files;
        report_.done(file.name, outcome);
        ++summary_.files;
        summary_.add(outcome);
    }

    CopySummary sum() const {
        if (!queue_) return summary_;
        CopySummary sum = queue_->summary();
        sum.files += summary_.files;
        sum.same += summary_.same;
        return sum;
    }

    Context& context_;
    const ShareOperands& operands_;
    DiskPool& disk_;
    ShareRemote remote_;
    TreeProgress progress_;
    CopyReport report_;
    CopySummary summary_;  // of what never gets into the queue
    std::optional<DigestCache> cache_;
    std::vector<Candidate> candidates_;
    std::unordered_set<std::uint64_t> sizes_;
    std::vector<std::filesystem::path> paths_;  // to be sent
    std::optional<CopyQueue> queue_;
};

class UploadJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("upload PATH... ENDPOINT");
        options.operands(operands_, Completes::file);
        options.group("Uploading");
        options.flag("force", 0, force_, "send also what the server has already");
        options.flag("no-cache", 0, no_cache_, "hash every file anew where digests come first");
        access_.describe_moving(options, "connections at a time; 0: as many as help");
        options.example("netcopy upload notes.txt photos/*.jpg 10.0.0.2",
                        "send files to a 'netcopy share'; what it has is not sent again");
        options.example("netcopy upload --protocol seed report.pdf 10.0.0.2:9999",
                        "send one to a server of the seed's protocol, of whatever make");
    }

    Task<Result<int>> run(Context& context) override {
        auto operands = read_share_operands(
            operands_, 1, "name what to upload, and the server: PATH... ENDPOINT");
        if (!operands) co_return operands.error();
        DiskPool disk(access_.disk_threads());
        Uploading run(context, access_, *operands, disk, no_cache_);
        const auto looked = co_await disk.run([&run] { return run.look_at_operands(); });
        if (!looked) co_return looked.error();
        co_return co_await run.run(force_);
    }

private:
    std::vector<std::string> operands_;
    bool force_ = false;
    bool no_cache_ = false;
    ShareAccess access_;
};

}  // namespace

std::unique_ptr<Job> make_upload() { return std::make_unique<UploadJob>(); }

}  // namespace netcopy::app
