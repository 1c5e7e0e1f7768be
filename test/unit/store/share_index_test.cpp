#include "store/share_index.hpp"

#include <sys/stat.h>

#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

ShareIndex::Row row(std::uint64_t inode, char digit = 'a') {
    ShareIndex::Row made{
        .inode = inode, .size = 5, .mtime = {-7, 8}, .born = {9, 10}, .digests = {}};
    made.digests.md5.fill(digit);
    made.digests.sha256.fill(digit);
    return made;
}

}  // namespace

TEST_CASE("rows of an index are there in the next one, whatever their values are") {
    TemporaryFolder folder;
    ShareIndex::Row extreme = row(UINT64_MAX, 'f');
    extreme.size = INT64_MAX;
    extreme.mtime = {INT64_MIN, 999'999'999};
    extreme.born = {INT64_MAX, 0};
    {
        ShareIndex index(folder / "index.db");
        CHECK(index.load().empty());
        REQUIRE(index.write({row(1), row(2), row(3, 'b'), extreme}, {}));
        REQUIRE(index.write({row(2, 'c')}, {3, 77}));
        CHECK(index.problem().empty());
        CHECK_FALSE(index.rebuilt());
    }
    ShareIndex index(folder / "index.db");
    const auto rows = index.load();
    CHECK(rows.size() == 3);
    CHECK(rows.at(1).digests == row(1).digests);
    CHECK(rows.at(1).mtime == FileTime{-7, 8});
    CHECK(rows.at(2).digests == row(2, 'c').digests);
    const ShareIndex::Row& last = rows.at(UINT64_MAX);
    CHECK(last.size == extreme.size);
    CHECK(last.mtime == extreme.mtime);
    CHECK(last.born == extreme.born);
}

TEST_CASE("a row is of the file of which all is the same but its name and device") {
    FlatFile file;
    file.device = 99;
    file.inode = 1;
    file.status.size = 5;
    file.status.mtime = {-7, 8};
    file.born = {9, 10};
    CHECK(row(1).is_of(file));
    CHECK_FALSE(row(2).is_of(file));
    FlatFile other = file;
    other.status.size = 6;
    CHECK_FALSE(row(1).is_of(other));
    other = file;
    other.status.mtime.nanoseconds = 9;
    CHECK_FALSE(row(1).is_of(other));
    other = file;
    other.born.seconds = 0;
    CHECK_FALSE(row(1).is_of(other));
}

TEST_CASE("a database that somebody holds on to is written to later") {
    TemporaryFolder folder;
    ShareIndex index(folder / "index.db");
    REQUIRE(index.write({row(1)}, {}));
    ShareIndex other(folder / "index.db");
    CHECK(other.load().size() == 1);
    // As a backup of it may do.
    const std::string hold =
        "python3 -c \"import sqlite3; c = sqlite3.connect('" + (folder / "index.db").string() +
        "', isolation_level=None); c.execute('begin exclusive'); "
        "open('" +
        (folder / "held").string() + "', 'w'); open('" + (folder / "go").string() + "').read()\" &";
    REQUIRE(::mkfifo((folder / "go").c_str(), 0600) == 0);
    REQUIRE(::mkfifo((folder / "held").c_str(), 0600) == 0);
    REQUIRE(std::system(hold.c_str()) == 0);
    std::ifstream held(folder / "held");  // waits
    const auto refused = index.write({row(2)}, {});
    CHECK_FALSE(refused);
    CHECK(refused.error() == Errc::local_file);
    CHECK(refused.error().context.find("index.db") != std::string::npos);
    { std::ofstream go(folder / "go"); }
    held.get();  // until it has ended
    CHECK(index.problem().empty());
    // It may take a moment until the other one has let go.
    Result<> written = index.write({row(2)}, {});
    CHECK(written);
    CHECK(ShareIndex(folder / "index.db").load().size() == 2);
}

TEST_CASE("digests are taken for such only when they are well-formed") {
    const std::string md5(32, '0');
    const std::string sha256(64, 'f');
    CHECK(ContentDigests::from(md5, sha256));
    CHECK_FALSE(ContentDigests::from(md5.substr(1), sha256));
    CHECK_FALSE(ContentDigests::from(md5, sha256 + "0"));
    CHECK_FALSE(ContentDigests::from(std::string(32, 'F'), sha256));
    CHECK_FALSE(ContentDigests::from(std::string(32, 'g'), sha256));
    CHECK(ContentDigests::from({{DigestKind::sha256, sha256}, {DigestKind::md5, md5}}));
    CHECK_FALSE(ContentDigests::from({{DigestKind::sha256, sha256}}));
}
