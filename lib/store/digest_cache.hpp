#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/file_time.hpp"
#include "crypto/digest.hpp"
#include "file/status.hpp"

namespace netcopy {

/// The digests of files that were hashed before, so that a file which did not change is not read
/// again: path, device, inode, size and time of last change -> hex, in an SQLite database that
/// several processes may use at once. A cache and nothing more: whatever fails means "not cached",
/// and a database that is broken, or not ours, is put aside as `digests.db.broken`. Thread-safe;
/// calls block.
class DigestCache {
public:
    static constexpr std::size_t most_rows = 100'000;  ///< about 20 MB
    /// A file that changed so lately may change again without getting another time.
    static constexpr std::int64_t racy_seconds = 2;

    using Now = std::function<FileTime()>;
    static FileTime system_now();

    /// `digests.db` in that folder, which is made when it is needed.
    explicit DigestCache(const std::filesystem::path& folder, std::size_t rows = most_rows,
                         Now now = system_now);
    ~DigestCache();
    DigestCache(const DigestCache&) = delete;
    DigestCache& operator=(const DigestCache&) = delete;

    /// $XDG_CACHE_HOME/netcopy, else $HOME/.cache/netcopy; none where neither is an absolute path.
    static std::optional<std::filesystem::path> default_folder();

    std::optional<std::string> find(const FileIdentity& file, DigestKind kind);
    /// Beyond the most rows those go that were not used for the longest time.
    void remember(const FileIdentity& file, DigestKind kind, const std::string& hex);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace netcopy
