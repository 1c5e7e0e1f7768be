#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "file/sink.hpp"
#include "file/source.hpp"

/// Lists of files with their SHA-256, as sha256sum(1) of coreutils writes and reads them.
namespace netcopy {

struct ManifestEntry {
    std::string sha256;  ///< 64 hex digits, lower case
    std::string name;    ///< any bytes but NUL, not empty
};

/// One line without its LF: the digest, a space, a space or `*`, the name. A backslash at the very
/// beginning says that `\\`, `\n` and `\r` in the name stand for what they stand for in C. No
/// value: the line is empty, or a comment (`#`). Errc::failed, with the reason only, for anything
/// else.
Result<std::optional<ManifestEntry>> parse_manifest_line(std::string_view line);

/// The line with its LF.
std::string manifest_line(const ManifestEntry& entry);

/// A list that is read piece by piece, so that it may be of any length. Not thread-safe; calls
/// block.
class ManifestReader {
public:
    static constexpr std::size_t longest_line = 16 * 1024;  ///< bytes

    /// "-" is standard input. Errc::local_file.
    static Result<ManifestReader> open(const std::filesystem::path& path);

    /// Appends the entries of the next piece. False: that was all. Errc::failed with the number of
    /// the line that is none, Errc::local_file.
    Result<bool> read_some(std::vector<ManifestEntry>& entries);

    /// As FileSource has them.
    bool ready() const { return source_.ready(); }
    int descriptor() const { return source_.descriptor(); }
    const std::string& name() const { return source_.name(); }

private:
    explicit ManifestReader(FileSource source) : source_(std::move(source)) {}
    Result<> take_line(std::string_view line, std::vector<ManifestEntry>& entries);

    FileSource source_;
    std::uint64_t offset_ = 0;
    std::uint64_t lines_ = 0;
    std::string rest_;  // the beginning of a line that is not whole yet
};

/// A list in the making: it appears under its name when it is whole. Not thread-safe; calls block.
/// Errors are Errc::local_file.
class ManifestWriter {
public:
    static Result<ManifestWriter> create(const std::filesystem::path& path);

    /// An error is kept for commit().
    void add(const ManifestEntry& entry);
    Result<> commit();

private:
    explicit ManifestWriter(FileSink sink) : sink_(std::move(sink)) {}
    void flush();

    FileSink sink_;
    std::string waiting_;
    std::uint64_t offset_ = 0;
    Result<> outcome_;
};

/// The regular file that an entry names, below `folder` unless its name is absolute. No value: it
/// is missing. Errc::local_file when it is there and cannot be read. Blocking.
Result<std::optional<FileSource>> open_listed(const std::filesystem::path& folder,
                                              const ManifestEntry& entry);

}  // namespace netcopy
