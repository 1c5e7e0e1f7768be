#include "store/source_digest.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit/session/transfer_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

struct Fixture {
    TemporaryFolder folder;
    Loop loop;
    DiskPool disk{1};
    Progress progress;
    DigestCache cache{folder / "cache", 100, [] {
                          return FileTime{DigestCache::system_now().seconds + 10, 0};
                      }};

    FileSource source(std::string_view content) {
        write_file(folder / "file", content);
        return FileSource::open(folder / "file").value();
    }
    Result<std::string> digest(FileSource& source, DigestKind kind, DigestCache* in = nullptr) {
        return loop.run(source_digest(disk, source, kind, in, progress));
    }
};

}  // namespace

TEST_CASE("the digest ahead is that of the whole file, of any kind and size") {
    for (const DigestKind kind : {DigestKind::md5, DigestKind::sha256, DigestKind::crc32}) {
        for (const std::size_t size : {0UL, 1UL, 3'000'000UL}) {
            Fixture of;
            const std::string content = sample(size);
            FileSource source = of.source(content);
            CHECK(of.digest(source, kind).value() == digest_of(kind, content));
            CHECK(of.progress.bytes == size);
            CHECK(of.progress.total == size);
        }
    }
}

TEST_CASE("a digest that is cached is taken from there without reading the file") {
    Fixture of;
    FileSource source = of.source("abc");
    CHECK(of.digest(source, DigestKind::md5, &of.cache).value() ==
          digest_of(DigestKind::md5, "abc"));
    const auto identity = source.identity();
    REQUIRE(identity);
    of.cache.remember(*identity, DigestKind::md5, "from the cache");
    CHECK(of.digest(source, DigestKind::md5, &of.cache).value() == "from the cache");
    CHECK(of.progress.bytes == 6);
    CHECK(of.digest(source, DigestKind::md5).value() == digest_of(DigestKind::md5, "abc"));
}

TEST_CASE("a file that changed since it was opened has no digest, and none is cached") {
    Fixture of;
    FileSource source = of.source("abc");
    const auto before = source.identity();
    write_file(of.folder / "file", "abcdef");
    const auto digest = of.digest(source, DigestKind::md5, &of.cache);
    REQUIRE(digest.has_error());
    CHECK(digest.error() == Errc::local_file);
    CHECK_FALSE(of.cache.find(*before, DigestKind::md5));
}

TEST_CASE("a pipe has no digest ahead of its bytes") {
    Fixture of;
    const auto path = of.folder / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const int writer = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    FileSource source = FileSource::open(path).value();
    const auto digest = of.digest(source, DigestKind::md5);
    ::close(writer);
    REQUIRE(digest.has_error());
    CHECK(digest.error() == Errc::local_file);
}

TEST_CASE("hashing ahead stops when it is cancelled") {
    Fixture of;
    // A sparse file takes no room, and seconds to hash.
    write_file(of.folder / "file", "");
    std::filesystem::resize_file(of.folder / "file", 20'000'000'000);
    FileSource source = FileSource::open(of.folder / "file").value();
    asio::cancellation_signal signal;
    const auto hashing = of.loop.start(
        source_digest(of.disk, source, DigestKind::md5, nullptr, of.progress), signal.slot());
    of.loop.run_until([&] { return of.progress.bytes > 0; });
    signal.emit(asio::cancellation_type::terminal);
    const auto began = Clock::now();
    of.loop.finish(hashing);
    CHECK(hashing->thrown_code() == asio::error::operation_aborted);
    CHECK(Clock::now() - began < 5s);
}
