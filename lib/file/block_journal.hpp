#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file/descriptor.hpp"

/// The journal beside a partial file whose bytes come in any order (docs/architecture.md,
/// "A fetch"): which file it is to become, and the CRC-64 of each block that is whole. For
/// file/ only.
namespace netcopy {

/// What it is to become. A journal of another one counts as none.
struct BlockJournalKey {
    std::uint64_t size = 0;    ///< bytes
    std::string_view content;  ///< its digest, in hex
    std::string_view name;     ///< the last component
};

/// At most 65,536 of them to a file, of at least 256 KiB; a power of two.
std::uint64_t journal_block_size(std::uint64_t file_size);
/// The lines ahead of the records.
std::string block_journal_header(const BlockJournalKey& key);

/// An open journal. A hint, checked against the file before anybody relies on it: nothing here
/// fails, a journal that cannot be written is a shorter one. Records are block and CRC-64, 8 bytes
/// each, little-endian; the last one of a block counts. Not thread-safe; calls block.
class BlockJournal {
public:
    BlockJournal() = default;
    /// Takes over what is there if it is of this key, else begins anew.
    BlockJournal(Descriptor file, const BlockJournalKey& key);

    std::size_t blocks() const { return crcs_.size(); }
    /// What the journal says of a block.
    std::optional<std::uint64_t> crc(std::size_t block) const { return crcs_[block]; }
    std::size_t known() const { return known_; }  ///< blocks that it says something of

    void set(std::size_t block, std::uint64_t crc);
    void forget(std::size_t block);
    /// Leaves only what is known now, each once.
    void rewrite();

private:
    void append(std::size_t block, std::uint64_t crc);
    void load(std::uint64_t size);

    Descriptor file_;
    std::uint64_t header_size_ = 0;
    std::uint64_t end_ = 0;  // of the file
    std::vector<std::optional<std::uint64_t>> crcs_;
    std::size_t known_ = 0;
};

}  // namespace netcopy
