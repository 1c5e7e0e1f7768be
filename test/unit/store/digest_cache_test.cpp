#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "store/digest_cache.hpp"
#include "test/unit/file/folder.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

constexpr FileTime noon{1'700'000'000, 0};
const std::string md5 = "b1946ac92492d2347c6235b4d2611184";

/// A cache in a folder of its own, with a clock that the test moves.
struct Fixture {
    TemporaryFolder folder;
    std::filesystem::path in = folder / "cache" / "netcopy";
    FileTime now = noon;

    DigestCache cache(std::size_t rows = 1000) {
        return DigestCache(in, rows, [this] { return now; });
    }
    std::filesystem::path database() const { return in / "digests.db"; }
};

FileIdentity file(std::string path = "/a", FileTime mtime = {noon.seconds - 10, 5}) {
    return {std::move(path), 1, 2, 3, mtime};
}

using Found = std::optional<std::string>;

}  // namespace

TEST_CASE("a digest that was remembered is found, also by another process's cache") {
    Fixture of;
    {
        DigestCache cache = of.cache();
        CHECK_FALSE(cache.find(file(), DigestKind::md5));
        cache.remember(file(), DigestKind::md5, md5);
        CHECK(cache.find(file(), DigestKind::md5) == Found(md5));
    }
    DigestCache cache = of.cache();
    CHECK(cache.find(file(), DigestKind::md5) == Found(md5));
}

TEST_CASE("a file of which anything is different is not the one that was hashed") {
    Fixture of;
    DigestCache cache = of.cache();
    cache.remember(file(), DigestKind::md5, md5);
    FileIdentity other = file();
    other.path = "/b";
    CHECK_FALSE(cache.find(other, DigestKind::md5));
    other = file();
    other.device = 9;
    CHECK_FALSE(cache.find(other, DigestKind::md5));
    other = file();
    other.inode = UINT64_MAX;
    CHECK_FALSE(cache.find(other, DigestKind::md5));
    other = file();
    other.size = 9;
    CHECK_FALSE(cache.find(other, DigestKind::md5));
    other = file();
    ++other.mtime.nanoseconds;
    CHECK_FALSE(cache.find(other, DigestKind::md5));
    other = file();
    ++other.mtime.seconds;
    CHECK_FALSE(cache.find(other, DigestKind::md5));
    CHECK_FALSE(cache.find(file(), DigestKind::sha1));
    CHECK(cache.find(file(), DigestKind::md5) == Found(md5));
}

TEST_CASE("a file has a digest of each kind, and a new one in place of an old one") {
    Fixture of;
    DigestCache cache = of.cache();
    cache.remember(file(), DigestKind::md5, md5);
    cache.remember(file(), DigestKind::sha256, "other");
    CHECK(cache.find(file(), DigestKind::md5) == Found(md5));
    CHECK(cache.find(file(), DigestKind::sha256) == Found("other"));
    FileIdentity changed = file();
    changed.size = 4;
    cache.remember(changed, DigestKind::md5, "changed");
    CHECK(cache.find(changed, DigestKind::md5) == Found("changed"));
    CHECK_FALSE(cache.find(file(), DigestKind::md5));
}

TEST_CASE("identities of any values and paths of any bytes are told apart") {
    Fixture of;
    DigestCache cache = of.cache();
    FileIdentity extreme{"/\xff'\";\n%", UINT64_MAX, UINT64_MAX - 1, INT64_MAX, {-5, 999'999'999}};
    cache.remember(extreme, DigestKind::md5, md5);
    CHECK(cache.find(extreme, DigestKind::md5) == Found(md5));
    extreme.path.back() = '_';
    CHECK_FALSE(cache.find(extreme, DigestKind::md5));
}

TEST_CASE("a file that changed less than two seconds ago is not remembered") {
    Fixture of;
    DigestCache cache = of.cache();
    const auto remembered = [&](FileTime mtime) {
        cache.remember(file("/a", mtime), DigestKind::md5, md5);
        return cache.find(file("/a", mtime), DigestKind::md5).has_value();
    };
    CHECK_FALSE(remembered({noon.seconds + 100, 0}));
    CHECK_FALSE(remembered(noon));
    CHECK_FALSE(remembered({noon.seconds - 2, 1}));
    CHECK(remembered({noon.seconds - 2, 0}));
}

TEST_CASE("beyond the most rows those go that were not used for the longest time") {
    Fixture of;
    DigestCache cache = of.cache(20);
    for (int i = 0; i < 20; ++i) {
        of.now.seconds = noon.seconds + i;
        cache.remember(file("/" + std::to_string(i)), DigestKind::md5, md5);
    }
    of.now.seconds = noon.seconds + 50;
    CHECK(cache.find(file("/0"), DigestKind::md5));
    of.now.seconds = noon.seconds + 60;
    cache.remember(file("/new"), DigestKind::md5, md5);
    CHECK(cache.find(file("/new"), DigestKind::md5));
    CHECK(cache.find(file("/0"), DigestKind::md5));
    CHECK(cache.find(file("/19"), DigestKind::md5));
    CHECK_FALSE(cache.find(file("/1"), DigestKind::md5));
    int left = 0;
    for (int i = 0; i < 20; ++i) {
        left += cache.find(file("/" + std::to_string(i)), DigestKind::md5) ? 1 : 0;
    }
    CHECK(left == 17);  // a tenth goes at a time
}

TEST_CASE("the folder is made when it is needed, and is for nobody else") {
    Fixture of;
    DigestCache cache = of.cache();
    CHECK_FALSE(std::filesystem::exists(of.in));
    cache.remember(file(), DigestKind::md5, md5);
    for (const auto& path : {of.in, of.folder / "cache"}) {
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0700);
    }
}

TEST_CASE("a path with spaces, equal signs and quotes is a folder like others") {
    for (const char* name : {"a b=c", "it's", "  x ", "say \"hi\""}) {
        INFO(name);
        Fixture of;
        of.in = of.folder / name;
        {
            DigestCache cache = of.cache();
            cache.remember(file(), DigestKind::md5, md5);
        }
        DigestCache cache = of.cache();
        // SOCI has no way to open a database with a quotation mark in its path.
        const bool usable = std::string_view(name).find('"') == std::string_view::npos;
        CHECK(cache.find(file(), DigestKind::md5).has_value() == usable);
        CHECK(of.folder.names() ==
              (usable ? std::vector<std::string>{name} : std::vector<std::string>{}));
    }
}

TEST_CASE("a database that is broken or not ours is put aside and made anew") {
    for (const bool foreign : {false, true}) {
        Fixture of;
        std::filesystem::create_directories(of.in);
        if (foreign) {
            const std::string make = "python3 -c \"import sqlite3; c = sqlite3.connect('" +
                                     of.database().string() +
                                     "'); c.execute('create table t(x)'); c.commit()\"";
            REQUIRE(std::system(make.c_str()) == 0);
        } else {
            write_file(of.database(), std::string(5000, 'x'));
        }
        const std::string before = read_file(of.database());
        {
            DigestCache cache = of.cache();
            CHECK_FALSE(cache.find(file(), DigestKind::md5));
            cache.remember(file(), DigestKind::md5, md5);
            CHECK(cache.find(file(), DigestKind::md5) == Found(md5));
        }
        CHECK(read_file(of.in / "digests.db.broken") == before);
        DigestCache cache = of.cache();
        CHECK(cache.find(file(), DigestKind::md5) == Found(md5));
    }
}

TEST_CASE("a database that breaks while it is used is as good as none") {
    Fixture of;
    {
        DigestCache cache = of.cache();
        for (int i = 0; i < 500; ++i) {
            cache.remember(file("/" + std::to_string(i)), DigestKind::md5, md5);
        }
    }
    const auto size = std::filesystem::file_size(of.database());
    REQUIRE(size > 8192);
    std::string content = read_file(of.database());
    for (std::size_t i = 4096; i < content.size(); ++i) content[i] = static_cast<char>(i * 7);
    write_file(of.database(), content);
    DigestCache cache = of.cache();
    for (int i = 0; i < 500; ++i) {
        const auto found = cache.find(file("/" + std::to_string(i)), DigestKind::md5);
        CHECK((!found || *found == md5));
    }
}

TEST_CASE("where there can be no folder nothing is cached, and nothing fails") {
    Fixture of;
    write_file(of.folder / "file", "");
    of.in = of.folder / "file" / "cache";
    DigestCache cache = of.cache();
    cache.remember(file(), DigestKind::md5, md5);
    CHECK_FALSE(cache.find(file(), DigestKind::md5));
}

TEST_CASE("several caches on one database at once lose nothing") {
    Fixture of;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < 4; ++writer) {
        threads.emplace_back([&of, writer] {
            DigestCache cache(of.in, 1000, [] { return noon; });
            for (int i = 0; i < 50; ++i) {
                cache.remember(file("/" + std::to_string(writer * 100 + i)), DigestKind::md5, md5);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    DigestCache cache = of.cache();
    for (int writer = 0; writer < 4; ++writer) {
        for (int i = 0; i < 50; ++i) {
            CHECK(cache.find(file("/" + std::to_string(writer * 100 + i)), DigestKind::md5));
        }
    }
}

TEST_CASE("several processes that find a broken database agree on a new one") {
    Fixture of;
    std::filesystem::create_directories(of.in);
    write_file(of.database(), std::string(5000, 'x'));
    std::vector<pid_t> children;
    for (int writer = 0; writer < 4; ++writer) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            DigestCache cache(of.in, 1000, [] { return noon; });
            cache.remember(file("/" + std::to_string(writer)), DigestKind::md5, md5);
            const bool found =
                cache.find(file("/" + std::to_string(writer)), DigestKind::md5).has_value();
            ::_exit(found ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    DigestCache cache = of.cache();
    for (int writer = 0; writer < 4; ++writer) {
        CHECK(cache.find(file("/" + std::to_string(writer)), DigestKind::md5) == Found(md5));
    }
}

TEST_CASE("the cache's folder is where the XDG Base Directory Specification has it") {
    const auto restore = [](const char* name) {
        const char* const value = std::getenv(name);
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
    const auto cache = restore("XDG_CACHE_HOME");
    const auto home = restore("HOME");
    ::setenv("XDG_CACHE_HOME", "/x", 1);
    ::setenv("HOME", "/h", 1);
    CHECK(DigestCache::default_folder() == std::filesystem::path("/x/netcopy"));
    for (const char* unusable : {"", "relative"}) {
        ::setenv("XDG_CACHE_HOME", unusable, 1);
        CHECK(DigestCache::default_folder() == std::filesystem::path("/h/.cache/netcopy"));
    }
    ::unsetenv("XDG_CACHE_HOME");
    ::unsetenv("HOME");
    CHECK_FALSE(DigestCache::default_folder());
    if (cache) ::setenv("XDG_CACHE_HOME", cache->c_str(), 1);
    if (home) ::setenv("HOME", home->c_str(), 1);
}
