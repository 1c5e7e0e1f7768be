#include "store/sqlite_file.hpp"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <utility>

#include "base/bytes.hpp"
#include "file/private_folder.hpp"

namespace netcopy {
namespace {

constexpr int busy_seconds = 2;

int pragma(soci::session& database, const std::string& name) {
    int value = 0;
    database << "PRAGMA " + name, soci::into(value);
    return value;
}

/// Whether the database is ours, or empty and can become so.
bool adopt(soci::session& database, const SqliteFile::Form& form) {
    if (pragma(database, "application_id") == form.application_id) {
        return pragma(database, "user_version") == form.version;
    }
    int tables = 0;
    database << "SELECT count(*) FROM sqlite_master", soci::into(tables);
    if (tables > 0) return false;
    database << "PRAGMA application_id = " << form.application_id;
    database << "PRAGMA user_version = " << form.version;
    return true;
}

}  // namespace

bool is_broken(const std::exception& error) {
    const auto* const sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
    return sqlite != nullptr &&
           (sqlite->result() == SQLITE_NOTADB || sqlite->result() == SQLITE_CORRUPT);
}

SqliteFile::SqliteFile(std::filesystem::path path, const Form& form)
    : path_(std::move(path)), form_(form) {}

SqliteFile::~SqliteFile() = default;

soci::session* SqliteFile::session() {
    if (!std::exchange(tried_, true)) open();
    return session_.get();
}

void SqliteFile::open() {
    // SOCI's connection string has no way to say a quotation mark.
    if (path_.string().find('"') != std::string::npos) {
        problem_ = "a quotation mark in its path";
        return;
    }
    if (const auto made = make_private_folder(path_.parent_path()); !made) {
        problem_ = made.error().context;
        return;
    }
    // Alone, so that no two processes put aside what the other has just made.
    std::filesystem::path lock_path = path_;
    const auto lock = lock_file(lock_path.replace_extension(".lock"));
    if (!lock) {
        problem_ = lock.error().context;
        return;
    }
    Opened opened = try_open();
    if (opened == Opened::broken && put_broken_aside()) opened = try_open();
    if (opened == Opened::yes) problem_.clear();
}

SqliteFile::Opened SqliteFile::try_open() {
    try {
        auto opened = std::make_unique<soci::session>(
            soci::sqlite3, "db=\"" + path_.string() + "\" timeout=" + std::to_string(busy_seconds));
        if (!adopt(*opened, form_)) {
            problem_ = "it is of another version, or not netcopy's";
            return Opened::broken;
        }
        *opened << "PRAGMA journal_mode = WAL";
        // A loss of power may cost the last rows, and that is all that it costs.
        *opened << "PRAGMA synchronous = NORMAL";
        *opened << form_.schema;
        session_ = std::move(opened);
        return Opened::yes;
    } catch (const soci::soci_error& error) {
        problem_ = escape(error.what());
        return is_broken(error) ? Opened::broken : Opened::no;
    }
}

bool SqliteFile::put_broken_aside() {
    const auto renamed = [this](const char* suffix) {
        const std::string from = path_.string() + suffix;
        return netcopy::put_aside(from, path_.string() + ".broken" + suffix).has_value();
    };
    put_aside_ = renamed("-wal") && renamed("-shm") && renamed("");
    return put_aside_;
}

soci::session* SqliteFile::renew(const std::exception& error) {
    give_up(error);
    if (put_aside_ || !is_broken(error)) return nullptr;
    // Its lock is not taken: who else has it open goes on with what is put aside.
    if (put_broken_aside() && try_open() == Opened::yes) problem_.clear();
    return session_.get();
}

void SqliteFile::give_up(const std::exception& error) {
    tried_ = true;
    session_.reset();
    problem_ = escape(error.what());
}

}  // namespace netcopy
