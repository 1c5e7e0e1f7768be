#include "session/transfer_target.hpp"

#include "file/commit_batch.hpp"
#include "file/read_through.hpp"

namespace netcopy {
namespace {

constexpr std::string_view corrupted_suffix = ".corrupted";

}  // namespace

TransferTarget::TransferTarget(Tree& tree, std::string name, Existing existing,
                               bool same_bytes_once)
    : tree_(tree), name_(std::move(name)), existing_(existing), same_bytes_once_(same_bytes_once) {}

Result<IncomingFile> TransferTarget::make(std::uint64_t size) {
    // Without a size in the plan it is not kept for another attempt: this wire cannot resume.
    IncomingPlan plan;
    plan.reserve = size;
    plan.keep_mtime = false;
    plan.existing = existing_;
    plan.same_bytes_once = same_bytes_once_;
    return tree_.create(name_, plan);
}

Result<> TransferTarget::create(std::uint64_t size) {
    if (existing_ == Existing::keep) {
        const auto there = tree_.status(name_);
        if (!there) return there.error();
        if (*there && ((*there)->kind != FileStatus::Kind::regular || (*there)->size != size)) {
            return make_error(Errc::refused, "another file of that name is there");
        }
    }
    auto made = make(size);
    if (!made) return made.error();
    file_ = std::move(*made);
    return {};
}

Result<> TransferTarget::append(Bytes bytes) {
    const auto written = file_->write_at(size_, bytes);
    if (written) size_ += bytes.size();
    return written;
}

Result<> TransferTarget::prepend(std::string_view front) {
    auto made = make(front.size() + size_);
    if (!made) return made.error();
    Result<> written = made->write_at(0, as_bytes(front));
    std::uint64_t end = front.size();
    std::vector<std::byte> buffer;
    const auto read = read_through(*file_, 0, size_, buffer, [&](Bytes bytes) {
        if (written) written = made->write_at(end, bytes);
        end += bytes.size();
    });
    if (!read) return read.error();
    if (!written) return written;
    file_->discard();
    file_ = std::move(*made);
    size_ += front.size();
    return {};
}

CommitBatch::Outcome TransferTarget::commit_file() {
    CommitBatch batch;
    batch.add(1, std::move(*file_));
    file_.reset();
    return std::move(batch.commit().front());
}

Result<TransferTarget::Committed> TransferTarget::commit() {
    const auto finished = file_->finish(size_);
    if (!finished) return finished.error();
    auto outcome = commit_file();
    if (!outcome.name) return outcome.name.error();
    if (outcome.was_there) {
        // It may have been put there by somebody who did not see to its safety.
        if (const auto synced = tree_.sync_all(); !synced) return synced.error();
    }
    return Committed{std::move(*outcome.name), outcome.was_there};
}

Result<std::string> TransferTarget::set_aside() {
    // With Existing::rename every file stays, so what is set aside stays too.
    const Existing older = existing_ == Existing::rename ? Existing::rename : Existing::replace;
    file_->retarget(name_ + std::string(corrupted_suffix), older);
    const auto finished = file_->finish(size_);
    if (!finished) return finished.error();
    return commit_file().name;
}

}  // namespace netcopy
