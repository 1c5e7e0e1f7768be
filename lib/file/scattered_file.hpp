#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "file/incoming.hpp"
#include "file/tree.hpp"

namespace netcopy {

/// A file in the making whose bytes come in any order. Large ones (resumable_size) keep a journal
/// of the blocks that are whole, so that another attempt at the same content goes on with them,
/// after kill -9 too. write() on one thread and settle(), read_at() on another are safe; calls
/// block. Errors are those of IncomingFile.
class ScatteredFile {
public:
    /// `plan` has a size; `content` is the digest of what it is to become, in hex.
    static Result<ScatteredFile> create(Tree& tree, std::string_view path, IncomingPlan plan,
                                        std::string_view content);

    std::uint64_t size() const;        ///< bytes
    std::uint64_t block_size() const;  ///< bytes; the last block may be shorter
    std::size_t blocks() const;

    /// Reads back the next few MiB of what the journal of an earlier attempt vouches for, calls
    /// `good` for each block that is really there, and forgets the others. True: that was the last.
    /// Comes before everything below.
    Result<bool> check_some(const std::function<void(std::size_t)>& good);

    /// Neighbouring pieces, the first of which belongs at `offset`.
    Result<> write(std::uint64_t offset, std::span<const Bytes> pieces);
    /// The block is written: reads it back, shows `also` what it reads, and remembers it.
    Result<> settle(std::size_t block, const std::function<void(Bytes)>& also);
    /// 0 at the end.
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes buffer) const;

    const std::string& name() const { return file_.name(); }  ///< for people
    /// Size, mode and time are set; the rest is CommitBatch's.
    Result<IncomingFile> finish() &&;
    /// Another last component; see IncomingFile.
    void retarget(std::string_view component, Existing existing) {
        file_.retarget(component, existing);
    }
    void keep() noexcept { file_.keep(); }
    void discard() noexcept { file_.discard(); }

private:
    explicit ScatteredFile(IncomingFile file) : file_(std::move(file)) {}
    std::uint64_t length_of(std::size_t block) const;
    Result<std::uint64_t> read_block(std::size_t block, const std::function<void(Bytes)>& also);

    IncomingFile file_;
    std::size_t checked_ = 0;  // blocks
};

}  // namespace netcopy
