#include "store/share_index.hpp"

#include <soci/soci.h>

#include <algorithm>
#include <utility>

#include "base/bytes.hpp"

namespace netcopy {
namespace {

constexpr SqliteFile::Form form = {
    .application_id = 0x6e637368,  // "ncsh"
    .version = 1,
    .schema =
        "CREATE TABLE IF NOT EXISTS files (inode INTEGER PRIMARY KEY, size INTEGER NOT NULL, "
        "seconds INTEGER NOT NULL, nanoseconds INTEGER NOT NULL, born_seconds INTEGER NOT NULL, "
        "born_nanoseconds INTEGER NOT NULL, md5 TEXT NOT NULL, sha256 TEXT NOT NULL)",
};

/// A row as SQLite has it: its integers are signed.
struct Columns {
    long long inode = 0;
    long long size = 0;
    long long seconds = 0;
    long long nanoseconds = 0;
    long long born_seconds = 0;
    long long born_nanoseconds = 0;
    std::string md5;
    std::string sha256;

    void assign(const ShareIndex::Row& row) {
        inode = static_cast<long long>(row.inode);
        size = static_cast<long long>(row.size);
        seconds = row.mtime.seconds;
        nanoseconds = row.mtime.nanoseconds;
        born_seconds = row.born.seconds;
        born_nanoseconds = row.born.nanoseconds;
        md5 = row.digests.md5_text();
        sha256 = row.digests.sha256_text();
    }

    /// None for what no index of ours writes.
    std::optional<ShareIndex::Row> row() const {
        const auto digests = ContentDigests::from(md5, sha256);
        if (!digests) return std::nullopt;
        return ShareIndex::Row{.inode = static_cast<std::uint64_t>(inode),
                               .size = static_cast<std::uint64_t>(size),
                               .mtime = {seconds, static_cast<std::uint32_t>(nanoseconds)},
                               .born = {born_seconds, static_cast<std::uint32_t>(born_nanoseconds)},
                               .digests = *digests};
    }
};

template <std::size_t size>
bool read_hex(std::string_view text, std::array<char, size>& into) {
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (text.size() != size || !std::ranges::all_of(text, hex)) return false;
    std::ranges::copy(text, into.begin());
    return true;
}

void write_to(soci::session& database, const std::vector<ShareIndex::Row>& put,
              const std::vector<std::uint64_t>& forget) {
    soci::transaction together(database);
    Columns at;
    soci::statement replace =
        (database.prepare << "INSERT OR REPLACE INTO files VALUES (:inode, :size, :seconds, "
                             ":nanoseconds, :born_seconds, :born_nanoseconds, :md5, :sha256)",
         soci::use(at.inode), soci::use(at.size), soci::use(at.seconds), soci::use(at.nanoseconds),
         soci::use(at.born_seconds), soci::use(at.born_nanoseconds), soci::use(at.md5),
         soci::use(at.sha256));
    for (const ShareIndex::Row& row : put) {
        at.assign(row);
        replace.execute(true);
    }
    soci::statement erase =
        (database.prepare << "DELETE FROM files WHERE inode = :inode", soci::use(at.inode));
    for (const std::uint64_t inode : forget) {
        at.inode = static_cast<long long>(inode);
        erase.execute(true);
    }
    together.commit();
}

}  // namespace

std::optional<ContentDigests> ContentDigests::from(std::string_view md5, std::string_view sha256) {
    ContentDigests digests;
    if (!read_hex(md5, digests.md5) || !read_hex(sha256, digests.sha256)) return std::nullopt;
    return digests;
}

std::optional<ContentDigests> ContentDigests::from(const Digests& digests) {
    std::string_view md5;
    std::string_view sha256;
    for (const auto& [kind, hex] : digests) {
        if (kind == DigestKind::md5) md5 = hex;
        if (kind == DigestKind::sha256) sha256 = hex;
    }
    return from(md5, sha256);
}

bool ShareIndex::Row::is_of(const FlatFile& file) const {
    return inode == file.inode && size == file.status.size && mtime == file.status.mtime &&
           born == file.born;
}

ShareIndex::ShareIndex(std::filesystem::path path) : file_(std::move(path), form) {}

ShareIndex::Rows ShareIndex::load() {
    const auto read = [](soci::session& database) {
        Rows rows;
        long long count = 0;
        database << "SELECT count(*) FROM files", soci::into(count);
        rows.reserve(static_cast<std::size_t>(count));
        Columns at;
        soci::statement each =
            (database.prepare << "SELECT inode, size, seconds, nanoseconds, born_seconds, "
                                 "born_nanoseconds, md5, sha256 FROM files",
             soci::into(at.inode), soci::into(at.size), soci::into(at.seconds),
             soci::into(at.nanoseconds), soci::into(at.born_seconds),
             soci::into(at.born_nanoseconds), soci::into(at.md5), soci::into(at.sha256));
        each.execute();
        while (each.fetch()) {
            if (const auto row = at.row()) rows.emplace(row->inode, *row);
        }
        return rows;
    };
    soci::session* const database = file_.session();
    if (database == nullptr) return {};
    try {
        return read(*database);
    } catch (const soci::soci_error& error) {
        file_.renew(error);  // a new one has no rows
    }
    return {};
}

Result<> ShareIndex::write(const std::vector<Row>& put, const std::vector<std::uint64_t>& forget) {
    soci::session* const database = file_.session();
    if (database == nullptr) return {};
    try {
        write_to(*database, put, forget);
    } catch (const soci::soci_error& error) {
        if (!is_broken(error)) {
            return make_error(Errc::local_file, "cannot write " + quote(file_.path().string()) +
                                                    ": " + escape(error.what()));
        }
        // What was in the broken one is hashed again at the next start; these rows need not be.
        if (file_.renew(error) != nullptr) return write(put, {});
    }
    return {};
}

}  // namespace netcopy
