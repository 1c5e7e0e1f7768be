#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "crypto/digest.hpp"
#include "file/flat_folder.hpp"
#include "store/sqlite_file.hpp"

namespace netcopy {

/// MD5 and SHA-256 of one content, in lower-case hex.
struct ContentDigests {
    std::array<char, 32> md5{};
    std::array<char, 64> sha256{};

    /// None unless both are there and well-formed.
    static std::optional<ContentDigests> from(const Digests& digests);
    static std::optional<ContentDigests> from(std::string_view md5, std::string_view sha256);
    std::string_view md5_text() const { return {md5.data(), md5.size()}; }
    std::string_view sha256_text() const { return {sha256.data(), sha256.size()}; }
    bool operator==(const ContentDigests&) const = default;
};

/// What a shared folder's files hashed to, so that a restart need not read them again: inode, size,
/// time of last change and of birth -> MD5 and SHA-256, in an SQLite database. All lie on one file
/// system, whose device number may change from boot to boot: it is not remembered. Names are not
/// either, so that a rename costs nothing. Whatever else fails means that nothing is remembered.
/// Not thread-safe; calls block.
class ShareIndex {
public:
    /// `path` as for SqliteFile.
    explicit ShareIndex(std::filesystem::path path);

    struct Row {
        std::uint64_t inode = 0;
        std::uint64_t size = 0;
        FileTime mtime;
        FileTime born;
        ContentDigests digests;

        bool is_of(const FlatFile& file) const;
    };
    using Rows = std::unordered_map<std::uint64_t, Row>;  ///< by inode
    /// Everything, at once: for the scan at start.
    Rows load();

    /// In one transaction: rows put in the place of what the inode had, and inodes forgotten.
    /// Errc::local_file for what may work later (a full disk, another process that holds on to it);
    /// without a database nothing is done.
    Result<> write(const std::vector<Row>& put, const std::vector<std::uint64_t>& forget);

    /// Why nothing is remembered, for people; empty while something is.
    const std::string& problem() const { return file_.problem(); }
    bool rebuilt() const {
        return file_.put_aside();
    }  ///< the one that was there could not be read

private:
    SqliteFile file_;
};

}  // namespace netcopy
