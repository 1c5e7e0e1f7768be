#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace soci {
class session;
}

namespace netcopy {

/// An SQLite database of ours, for what can be computed anew: opened when it is needed, made when
/// it is missing, put aside as NAME.broken and made anew when it is broken, of another version, or
/// not ours at all. What fails otherwise means that there is none. Several processes may use it at
/// once. Not thread-safe; calls block. soci_error leaves none of them.
class SqliteFile {
public:
    struct Form {
        int application_id;  ///< PRAGMA application_id: tells our databases from others
        int version;         ///< PRAGMA user_version
        const char* schema;  ///< CREATE TABLE IF NOT EXISTS ...
    };

    /// `NAME.db`; the lock beside it is `NAME.lock`. The folder is made, for nobody else, when it
    /// is needed.
    SqliteFile(std::filesystem::path path, const Form& form);
    ~SqliteFile();

    /// Null when there is none to be had; problem() says why then.
    soci::session* session();
    /// It broke while it was read: puts it aside and makes it anew, once. Null as with session().
    soci::session* renew(const std::exception& error);
    /// What fails once is likely to fail again: from here on there is none.
    void give_up(const std::exception& error);

    bool put_aside() const { return put_aside_; }            ///< a broken one was there
    const std::string& problem() const { return problem_; }  ///< for people; empty: none
    const std::filesystem::path& path() const { return path_; }

private:
    enum class Opened { yes, no, broken };  // broken: or not ours
    Opened try_open();
    void open();
    bool put_broken_aside();

    const std::filesystem::path path_;
    const Form form_;
    std::unique_ptr<soci::session> session_;
    bool tried_ = false;
    bool put_aside_ = false;
    std::string problem_;
};

/// Whether it is the database that is broken (SQLITE_NOTADB, SQLITE_CORRUPT).
bool is_broken(const std::exception& error);

}  // namespace netcopy
