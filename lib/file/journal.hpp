#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/file_time.hpp"
#include "file/descriptor.hpp"

/// The journal beside a partial file (docs/protocol/copy.md, "The partial file"): which file it is,
/// and what it began with at each step. For file/ only.
namespace netcopy {

/// What a partial file is to become. A journal of another one counts as none.
struct JournalKey {
    std::uint64_t size = 0;  ///< bytes
    FileTime mtime;
    std::string_view name;  ///< the last component
};

inline constexpr std::uint64_t journal_step = 256 * 1024;  ///< bytes of the file to a record
inline constexpr std::size_t journal_record_size = 8;      ///< bytes

/// The lines ahead of the records.
std::string journal_header(const JournalKey& key);
/// Whether these bytes begin with journal_header(key).
bool is_journal_of(const JournalKey& key, Bytes begin);
void append_journal_record(std::vector<std::byte>& out, std::uint64_t crc);
std::uint64_t parse_journal_record(std::span<const std::byte, journal_record_size> record);

/// An open journal, and the CRC-64 of the file so far. It is a hint, checked against the file
/// before anybody relies on it: nothing here fails, a journal that cannot be written is a shorter
/// one. Not thread-safe; calls block.
class Journal {
public:
    Journal() = default;
    /// Takes over what is there if it is of this key, else begins anew.
    Journal(Descriptor file, const JournalKey& key);

    std::uint64_t records() const { return records_; }  ///< that are there
    /// Those from `first` on, as many as fit and are there. Returns how many.
    std::size_t read(std::uint64_t first, std::span<std::uint64_t> out) const;
    /// Goes on behind the first `records` ones, the last of which is `crc`. The others go.
    void resume(std::uint64_t records, std::uint64_t crc);

    /// The file grew by these; records for the steps that this completes are written by flush(),
    /// which has to follow once the bytes are in the file.
    void add(Bytes bytes);
    void add_zeros(std::uint64_t count);
    void flush();

    std::uint64_t crc() const { return crc_; }

private:
    std::uint64_t to_next_step() const { return journal_step - position_ % journal_step; }
    void advance(std::uint64_t count);

    Descriptor file_;
    std::uint64_t header_size_ = 0;
    std::uint64_t records_ = 0;  // in the file
    std::uint64_t position_ = 0;
    std::uint64_t crc_ = 0;
    std::vector<std::byte> pending_;
};

}  // namespace netcopy
