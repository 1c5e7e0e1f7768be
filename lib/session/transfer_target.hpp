#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/digest.hpp"
#include "file/commit_batch.hpp"
#include "file/tree.hpp"

namespace netcopy {

/// The file that a transfer becomes: bytes are appended, and at the end it gets its name or is set
/// aside. Not thread-safe; calls block. Errors are Errc::refused when something in the tree is in
/// the way, else Errc::local_file.
class TransferTarget {
public:
    /// `name` is one safe component. `same_bytes_once`: see IncomingPlan.
    TransferTarget(Tree& tree, std::string name, Existing existing, bool same_bytes_once = false);

    /// Reserves room for `size` bytes. With Existing::keep a file of another size that is there
    /// is in the way already now.
    Result<> create(std::uint64_t size);
    Result<> append(Bytes bytes);
    std::uint64_t size() const { return size_; }  ///< bytes appended
    /// Puts bytes before all the others, by copying these.
    Result<> prepend(std::string_view front);

    struct Committed {
        std::string name;   ///< another than asked for with Existing::rename
        bool same = false;  ///< that very file was there already, with keep or same_bytes_once
    };
    /// Makes it durable and gives it its name.
    Result<Committed> commit();
    /// Keeps what came as NAME.corrupted, in place of an older one, or with Existing::rename beside
    /// it; that name.
    Result<std::string> set_aside();

private:
    Result<IncomingFile> make(std::uint64_t size);
    CommitBatch::Outcome commit_file();

    Tree& tree_;
    const std::string name_;
    const Existing existing_;
    const bool same_bytes_once_;
    std::optional<IncomingFile> file_;
    std::uint64_t size_ = 0;
};

}  // namespace netcopy
