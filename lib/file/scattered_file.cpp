#include "file/scattered_file.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "file/crc64.hpp"
#include "file/incoming_state.hpp"
#include "file/io.hpp"

namespace netcopy {
namespace {

constexpr std::uint64_t check_stretch = 4 * 1024 * 1024;  // bytes a call of check_some()
constexpr std::size_t piece_size = 256 * 1024;            // bytes that are read back at a time

}  // namespace

Result<ScatteredFile> ScatteredFile::create(Tree& tree, std::string_view path, IncomingPlan plan,
                                            std::string_view content) {
    plan.content = content;
    auto file = tree.create(path, plan);
    if (!file) return file.error();
    return ScatteredFile(std::move(*file));
}

std::uint64_t ScatteredFile::size() const { return *file_.state_->plan.size; }
std::uint64_t ScatteredFile::block_size() const { return journal_block_size(size()); }
std::size_t ScatteredFile::blocks() const { return (size() + block_size() - 1) / block_size(); }

std::uint64_t ScatteredFile::length_of(std::size_t block) const {
    return std::min(block_size(), size() - block * block_size());
}

/// The block's CRC-64; Errc::local_file also when the file ends in its middle.
Result<std::uint64_t> ScatteredFile::read_block(std::size_t block,
                                                const std::function<void(Bytes)>& also) {
    thread_local std::vector<std::byte> buffer(piece_size);
    std::uint64_t crc = 0;
    std::uint64_t at = block * block_size();
    for (std::uint64_t left = length_of(block); left > 0;) {
        const auto part = MutableBytes(buffer).first(std::min<std::uint64_t>(left, piece_size));
        const auto got = file_.read_at(at, part);
        if (!got) return got.error();
        if (*got < part.size()) return file_.state_->failed("read back", ENODATA);
        crc = crc64(crc, part);
        if (also) also(part);
        at += part.size();
        left -= part.size();
    }
    return crc;
}

Result<bool> ScatteredFile::check_some(const std::function<void(std::size_t)>& good) {
    BlockJournal& journal = file_.state_->blocks;
    std::uint64_t read = 0;
    for (; checked_ < journal.blocks() && read < check_stretch; ++checked_) {
        const auto expected = journal.crc(checked_);
        if (!expected) continue;
        read += length_of(checked_);
        const auto crc = read_block(checked_, {});
        if (crc && *crc == *expected) {
            good(checked_);
        } else {
            journal.forget(checked_);
        }
    }
    if (checked_ < journal.blocks()) return false;
    journal.rewrite();
    return true;
}

Result<> ScatteredFile::write(std::uint64_t offset, std::span<const Bytes> pieces) {
    if (write_all_at(file_.state_->file.get(), pieces, offset)) return {};
    return file_.state_->failed("write", errno);
}

Result<> ScatteredFile::settle(std::size_t block, const std::function<void(Bytes)>& also) {
    const auto crc = read_block(block, also);
    if (!crc) return crc.error();
    if (file_.state_->resumable()) file_.state_->blocks.set(block, *crc);
    return {};
}

Result<std::size_t> ScatteredFile::read_at(std::uint64_t offset, MutableBytes buffer) const {
    return file_.read_at(offset, buffer);
}

Result<IncomingFile> ScatteredFile::finish() && {
    file_.state_->position = size();
    if (const auto finished = file_.finish(size()); !finished) return finished.error();
    return std::move(file_);
}

}  // namespace netcopy
