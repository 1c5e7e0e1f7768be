#include "store/digest_cache.hpp"

#include <soci/soci.h>

#include <cstdlib>
#include <ctime>
#include <mutex>
#include <utility>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "store/sqlite_file.hpp"

namespace netcopy {
namespace {

namespace fs = std::filesystem;

constexpr SqliteFile::Form form = {
    .application_id = 0x6e636463,  // "ncdc"
    .version = 1,
    .schema =
        "CREATE TABLE IF NOT EXISTS digests (path TEXT NOT NULL, kind TEXT NOT NULL, device "
        "INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, seconds INTEGER NOT "
        "NULL, nanoseconds INTEGER NOT NULL, hex TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY "
        "(path, kind)) WITHOUT ROWID",
};

/// A file's identity as SQLite's integers, which are signed.
struct Key {
    std::string path;
    std::string kind;
    long long device;
    long long inode;
    long long size;
    long long seconds;
    long long nanoseconds;

    Key(const FileIdentity& file, DigestKind digest)
        : path(file.path),
          kind(to_string(digest)),
          device(static_cast<long long>(file.device)),
          inode(static_cast<long long>(file.inode)),
          size(static_cast<long long>(file.size)),
          seconds(file.mtime.seconds),
          nanoseconds(file.mtime.nanoseconds) {}
};

}  // namespace

struct DigestCache::State {
    State(const fs::path& in, std::size_t limit, Now clock)
        : file(in / "digests.db", form),
          most(static_cast<long long>(limit)),
          now(std::move(clock)) {}

    /// The database, opened at the first call. Null when there is none to be had.
    soci::session* open() {
        if (std::exchange(opened, true)) return database;
        database = file.session();
        try {
            if (database) *database << "SELECT count(*) FROM digests", soci::into(rows);
        } catch (const soci::soci_error& error) {
            database = file.renew(error);
        }
        if (database == nullptr) log_problem();
        return database;
    }

    /// What fails once is likely to fail again: this process goes on without.
    void give_up(const soci::soci_error& error) {
        file.give_up(error);
        database = nullptr;
        log_problem();
    }

    void log_problem() const {
        NETCOPY_LOG(debug) << "the digest cache " << quote(file.path().string())
                           << " cannot be used: " << file.problem();
    }

    long long seconds() const { return now().seconds; }

    SqliteFile file;
    const long long most;
    const Now now;
    std::mutex mutex;
    bool opened = false;
    soci::session* database = nullptr;
    long long rows = 0;  // about: other processes add some too
};

FileTime DigestCache::system_now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return {time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec)};
}

DigestCache::DigestCache(const fs::path& folder, std::size_t rows, Now now)
    : state_(std::make_unique<State>(folder, rows, std::move(now))) {}

DigestCache::~DigestCache() = default;

std::optional<fs::path> DigestCache::default_folder() {
    const auto absolute = [](const char* name) -> std::optional<fs::path> {
        const char* const value = std::getenv(name);
        if (value == nullptr || value[0] != '/') return std::nullopt;
        return fs::path(value);
    };
    if (const auto cache = absolute("XDG_CACHE_HOME")) return *cache / "netcopy";
    if (const auto home = absolute("HOME")) return *home / ".cache" / "netcopy";
    return std::nullopt;
}

std::optional<std::string> DigestCache::find(const FileIdentity& file, DigestKind kind) {
    const std::lock_guard lock(state_->mutex);
    soci::session* const database = state_->open();
    if (database == nullptr) return std::nullopt;
    const Key key(file, kind);
    const long long used = state_->seconds();
    std::string hex;
    try {
        *database << "SELECT hex FROM digests WHERE path = :path AND kind = :kind AND device = "
                     ":device AND inode = :inode AND size = :size AND seconds = :seconds AND "
                     "nanoseconds = :nanoseconds",
            soci::into(hex), soci::use(key.path), soci::use(key.kind), soci::use(key.device),
            soci::use(key.inode), soci::use(key.size), soci::use(key.seconds),
            soci::use(key.nanoseconds);
        if (!database->got_data()) return std::nullopt;
        *database << "UPDATE digests SET used = :used WHERE path = :path AND kind = :kind",
            soci::use(used), soci::use(key.path), soci::use(key.kind);
    } catch (const soci::soci_error& error) {
        state_->give_up(error);
        return std::nullopt;
    }
    return hex;
}

void DigestCache::remember(const FileIdentity& file, DigestKind kind, const std::string& hex) {
    const std::lock_guard lock(state_->mutex);
    const FileTime now = state_->now();
    FileTime settled = file.mtime;
    settled.seconds += racy_seconds;
    if (settled > now) return;
    soci::session* const database = state_->open();
    if (database == nullptr) return;
    const Key key(file, kind);
    const long long used = now.seconds;
    try {
        *database << "INSERT OR REPLACE INTO digests VALUES (:path, :kind, :device, :inode, :size, "
                     ":seconds, :nanoseconds, :hex, :used)",
            soci::use(key.path), soci::use(key.kind), soci::use(key.device), soci::use(key.inode),
            soci::use(key.size), soci::use(key.seconds), soci::use(key.nanoseconds), soci::use(hex),
            soci::use(used);
        if (++state_->rows <= state_->most) return;
        // A tenth more than needed, so that it need not be done again soon.
        const long long keep = state_->most - state_->most / 10;
        *database << "DELETE FROM digests WHERE (path, kind) NOT IN (SELECT path, kind FROM "
                     "digests ORDER BY used DESC LIMIT :keep)",
            soci::use(keep);
        *database << "SELECT count(*) FROM digests", soci::into(state_->rows);
    } catch (const soci::soci_error& error) {
        state_->give_up(error);
    }
}

}  // namespace netcopy
