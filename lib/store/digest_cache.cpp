#include "store/digest_cache.hpp"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <cstdlib>
#include <ctime>
#include <mutex>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "file/private_folder.hpp"

namespace netcopy {
namespace {

namespace fs = std::filesystem;

// "ncdc": tells our databases from others, see PRAGMA application_id.
constexpr int application_id = 0x6e636463;
constexpr int schema_version = 1;
constexpr int busy_seconds = 2;

constexpr const char* schema =
    "CREATE TABLE IF NOT EXISTS digests (path TEXT NOT NULL, kind TEXT NOT NULL, device INTEGER "
    "NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, seconds INTEGER NOT NULL, "
    "nanoseconds INTEGER NOT NULL, hex TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (path, "
    "kind)) WITHOUT ROWID";

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

int pragma(soci::session& database, const std::string& name) {
    int value = 0;
    database << "PRAGMA " + name, soci::into(value);
    return value;
}

/// Whether the database is ours, or empty and can become so.
bool adopt(soci::session& database) {
    if (pragma(database, "application_id") == application_id) {
        return pragma(database, "user_version") == schema_version;
    }
    int tables = 0;
    database << "SELECT count(*) FROM sqlite_master", soci::into(tables);
    if (tables > 0) return false;
    database << "PRAGMA application_id = " << application_id;
    database << "PRAGMA user_version = " << schema_version;
    return true;
}

}  // namespace

struct DigestCache::State {
    State(fs::path in, std::size_t limit, Now clock)
        : folder(std::move(in)),
          path(folder / "digests.db"),
          most(static_cast<long long>(limit)),
          now(std::move(clock)) {}

    /// The database, opened at the first call. Null when there is none to be had.
    soci::session* open() {
        if (database || given_up) return database.get();
        given_up = true;
        // SOCI's connection string has no way to say a quotation mark.
        if (path.string().find('"') != std::string::npos) return nullptr;
        if (!make_private_folder(folder)) return nullptr;
        // Alone, so that no two processes put aside what the other has just made.
        const auto lock = lock_file(folder / "digests.lock");
        if (!lock) return nullptr;
        if (try_open() == Opened::broken && put_broken_aside()) try_open();
        given_up = !database;
        return database.get();
    }

    enum class Opened { yes, no, broken };  // broken: or not ours

    Opened try_open() {
        try {
            auto opened = std::make_unique<soci::session>(
                soci::sqlite3,
                "db=\"" + path.string() + "\" timeout=" + std::to_string(busy_seconds));
            if (!adopt(*opened)) return Opened::broken;
            *opened << "PRAGMA journal_mode = WAL";
            // A loss of power may cost the last rows, and that is all that it costs.
            *opened << "PRAGMA synchronous = NORMAL";
            *opened << schema;
            *opened << "SELECT count(*) FROM digests", soci::into(rows);
            database = std::move(opened);
            return Opened::yes;
        } catch (const soci::sqlite3_soci_error& error) {
            log_reason(error);
            const bool broken = error.result() == SQLITE_NOTADB || error.result() == SQLITE_CORRUPT;
            return broken ? Opened::broken : Opened::no;
        } catch (const soci::soci_error& error) {
            log_reason(error);
            return Opened::no;
        }
    }

    bool put_broken_aside() {
        const auto renamed = [this](const char* suffix) {
            const std::string from = path.string() + suffix;
            return put_aside(from, path.string() + ".broken" + suffix).has_value();
        };
        return renamed("-wal") && renamed("-shm") && renamed("");
    }

    /// What fails once is likely to fail again: this process goes on without.
    void give_up(const soci::soci_error& error) {
        log_reason(error);
        database.reset();
        given_up = true;
    }

    void log_reason(const std::exception& error) const {
        NETCOPY_LOG(debug) << "the digest cache " << quote(path.string())
                           << " cannot be used: " << escape(error.what());
    }

    long long seconds() const { return now().seconds; }

    const fs::path folder;
    const fs::path path;
    const long long most;
    const Now now;
    std::mutex mutex;
    std::unique_ptr<soci::session> database;
    bool given_up = false;
    long long rows = 0;  // about: other processes add some too
};

FileTime DigestCache::system_now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return {time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec)};
}

DigestCache::DigestCache(fs::path folder, std::size_t rows, Now now)
    : state_(std::make_unique<State>(std::move(folder), rows, std::move(now))) {}

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
