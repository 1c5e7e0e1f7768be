#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "test/unit/sample.hpp"
#include "test/unit/session/shared_folder_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

namespace fs = std::filesystem;

/// A file that stays open for writing.
struct Writer {
    explicit Writer(const fs::path& path)
        : file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
        REQUIRE(file >= 0);
    }
    ~Writer() { close(); }
    void write(std::string_view text) const {
        REQUIRE(::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void close() {
        if (file >= 0) ::close(std::exchange(file, -1));
    }
    int file;
};

/// How many events the kernel keeps for us.
std::size_t most_events() {
    std::ifstream file("/proc/sys/fs/inotify/max_queued_events");
    std::size_t most = 0;
    file >> most;
    return most;
}

}  // namespace

TEST_CASE("what other programs do in the folder is followed") {
    SharedFixture of;
    write_old_file(of.folder / "first", "1");
    of.start();
    of.await("first", "1");
    write_file(of.folder / "new", "hello\n");
    of.await("new", "hello\n");
    write_file(of.folder / "new", "changed");
    of.await("new", "changed");
    {
        Writer more(of.folder / "new");
        more.write(", and more");
    }
    of.await("new", "changed, and more");
    fs::remove(of.folder / "new");
    of.await_gone("new");
    TemporaryFolder elsewhere;
    write_file(elsewhere / "moved", "from elsewhere");
    fs::rename(elsewhere / "moved", of.folder / "moved");
    of.await("moved", "from elsewhere");
    fs::rename(of.folder / "moved", elsewhere / "back");
    of.await_gone("moved");
    CHECK(of.names() == Names{"first"});
}

TEST_CASE("a rename hashes nothing, nor does a file that takes the place of another") {
    SharedFixture of;
    write_old_file(of.folder / "a", sample(5000));
    write_old_file(of.folder / "b", sample(300));
    of.start();
    of.rest();
    fs::rename(of.folder / "a", of.folder / "c");
    of.await("c", sample(5000));
    of.await_gone("a");
    fs::rename(of.folder / "b", of.folder / "c");
    of.await("c", sample(300));
    of.await_gone("b");
    TemporaryFolder elsewhere;
    fs::rename(of.folder / "c", elsewhere / "c");
    of.await_gone("c");
    fs::rename(elsewhere / "c", of.folder / "d");
    of.await("d", sample(300));
    of.rest();
    CHECK(of.hashed() == 5300);
}

TEST_CASE("two files that change their names with each other are not hashed again") {
    SharedFixture of;
    write_old_file(of.folder / "a", "first");
    write_old_file(of.folder / "b", "second");
    of.start();
    of.rest();
    REQUIRE(::renameat2(AT_FDCWD, (of.folder / "a").c_str(), AT_FDCWD, (of.folder / "b").c_str(),
                        RENAME_EXCHANGE) == 0);
    of.await("a", "second");
    of.await("b", "first");
    of.rest();
    CHECK(of.hashed() == 11);
}

TEST_CASE("rights may change without a file being hashed again, times may not") {
    SharedFixture of;
    write_old_file(of.folder / "a", "hello\n");
    of.start();
    of.rest();
    fs::permissions(of.folder / "a", fs::perms(0640));
    of.loop.run_until([&] { return of.shared->find("a")->status.mode == 0640; });
    CHECK(of.hashed() == 6);
    age(of.folder / "a", 1'600'000'000);
    of.loop.run_until([&] {
        const auto file = of.shared->find("a");
        return file && file->status.mtime.seconds == 1'600'000'000;
    });
    CHECK(of.hashed() == 12);
}

TEST_CASE("a file is not listed while somebody writes to it") {
    SharedFixture of;
    write_old_file(of.folder / "log", "one");
    of.start();
    of.await("log", "one");
    Writer writer(of.folder / "log");
    writer.write(" two");
    of.await_gone("log");
    writer.write(" three");
    writer.close();
    of.await("log", "one two three");
}

TEST_CASE("a file that stays open is listed when nothing was written for the quiet time") {
    SharedFixture of;
    of.times.quiet = 300ms;
    of.start();
    Writer writer(of.folder / "log");
    writer.write("one");
    const auto written = Clock::now();
    of.await("log", "one");
    CHECK(Clock::now() - written >= 250ms);
    writer.write(" two");
    of.await("log", "one two");
}

TEST_CASE("bytes that change without another size or time are noticed by the event") {
    SharedFixture of;
    write_old_file(of.folder / "a", "first");
    of.start();
    of.rest();
    {
        const int file = ::open((of.folder / "a").c_str(), O_WRONLY | O_CLOEXEC);
        REQUIRE(file >= 0);
        REQUIRE(::pwrite(file, "FIRST", 5, 0) == 5);
        ::close(file);
        age(of.folder / "a");
    }
    of.await("a", "FIRST");
}

TEST_CASE("what is written through one name of a file is noticed for the other, too") {
    SharedFixture of;
    write_old_file(of.folder / "a", "first");
    fs::create_hard_link(of.folder / "a", of.folder / "b");
    of.start();
    of.rest();
    write_old_file(of.folder / "b", "FIRST");
    of.await("a", "FIRST");
    of.await("b", "FIRST");
    // Under a name that is new, and then gone.
    fs::create_hard_link(of.folder / "a", of.folder / "c");
    of.await("c", "FIRST");
    write_old_file(of.folder / "c", "third");
    fs::remove(of.folder / "c");
    of.await("a", "third");
    of.await("b", "third");
}

TEST_CASE("a file that is written to and renamed at once is not taken for what it was") {
    SharedFixture of;
    write_old_file(of.folder / "a", "first");
    of.start();
    of.rest();
    write_old_file(of.folder / "a", "FIRST");
    fs::rename(of.folder / "a", of.folder / "b");
    of.await("b", "FIRST");
    fs::rename(of.folder / "b", of.folder / "c");
    write_old_file(of.folder / "c", "third");
    fs::rename(of.folder / "c", of.folder / "d");
    of.await("d", "third");
    CHECK(of.names() == Names{"d"});
}

TEST_CASE("a file that changes while it is hashed is hashed again when it is at rest") {
    SharedFixture of;
    of.times.quiet = 300ms;
    constexpr std::uint64_t size = 400 << 20;
    write_file(of.folder / "big", "");
    fs::resize_file(of.folder / "big", size);
    of.start();
    of.loop.run_until([&] { return of.hashed() > 0; });
    const std::uint64_t before = of.hashed();
    REQUIRE(before < size);
    write_file(of.folder / "big", "small now");
    of.await("big", "small now");
    of.rest();
    CHECK(of.hashed() < size);
    CHECK(of.shared->progress().files == 1);
    CHECK(of.shared->progress().files_total == 1);
    CHECK(of.shared->progress().total == of.hashed());
    CHECK_FALSE(of.shared->progress().counting);
}

TEST_CASE("a file that is renamed while it is hashed is hashed once") {
    SharedFixture of;
    constexpr std::uint64_t size = 200 << 20;
    write_file(of.folder / "big", "");
    fs::resize_file(of.folder / "big", size);
    age(of.folder / "big");
    of.start();
    of.loop.run_until([&] { return of.hashed() > 0; });
    REQUIRE(of.hashed() < size);
    fs::rename(of.folder / "big", of.folder / "renamed");
    of.loop.run_until([&] { return of.shared->find("renamed").has_value(); });
    CHECK(of.names() == Names{"renamed"});
    of.rest();
    CHECK(of.hashed() == size);
}

TEST_CASE("a file that is removed while it is hashed is forgotten") {
    SharedFixture of;
    write_file(of.folder / "huge", "");
    fs::resize_file(of.folder / "huge", std::uint64_t{64} << 30);
    of.start();
    of.loop.run_until([&] { return of.hashed() > 0; });
    fs::remove(of.folder / "huge");
    of.rest();
    CHECK(of.names().empty());
    CHECK(of.shared->progress().total == of.hashed());
    CHECK(of.shared->progress().files_total == 0);
}

TEST_CASE("when more happens than the kernel keeps, every file is looked at again") {
    SharedFixture of;
    write_old_file(of.folder / "gone", "1");
    write_old_file(of.folder / "renamed", sample(7000));
    write_old_file(of.folder / "changed", "1");
    write_old_file(of.folder / "same", "1");
    of.start();
    of.rest();
    const std::uint64_t before = of.hashed();
    // Nobody reads the events meanwhile: the loop stands still.
    const std::size_t most = most_events();
    REQUIRE(most > 0);
    REQUIRE(most < 1'000'000);
    for (std::size_t i = 0; i <= most / 2; ++i) {
        fs::permissions(of.folder / "same", fs::perms(0600));
        fs::permissions(of.folder / "gone", fs::perms(0600));
    }
    fs::remove(of.folder / "gone");
    fs::rename(of.folder / "renamed", of.folder / "other name");
    write_old_file(of.folder / "changed", "changed");
    write_old_file(of.folder / "new", "new");
    of.await("changed", "changed");
    of.await("new", "new");
    of.await("other name", sample(7000));
    of.rest();
    CHECK(of.names() == Names{"changed", "new", "other name", "same"});
    CHECK(of.hashed() - before == 10);
}

TEST_CASE("20,000 files that appear at once are all listed, and remembered") {
    SharedFixture of;
    of.start();
    of.rest();
    constexpr int count = 20'000;
    const auto name = [](int i) { return "file " + std::to_string(i); };
    for (int i = 0; i < count; ++i) {
        write_old_file(of.folder / name(i), name(i % 100));
        if (i % 1000 == 0) of.loop.poll();  // some events are read as they come, others are lost
    }
    of.loop.run_until([&] { return of.shared->count() == count && of.shared->at_rest(); });
    for (int i = 0; i < count; i += 371) {
        CHECK(of.shared->find(name(i))->md5 == md5_of(name(i % 100)));
    }
    of.restart();
    CHECK(of.shared->count() == count);
    of.rest();
    CHECK(of.hashed() == 0);
    CHECK(of.shared->find(name(17))->sha256 == sha256_of(name(17)));
}

TEST_CASE("a folder that is removed or moved shares nothing until one is there again") {
    for (const bool moved : {false, true}) {
        INFO((moved ? "moved" : "removed"));
        SharedFixture of;
        TemporaryFolder elsewhere;
        write_old_file(of.folder / "before", "1");
        of.start();
        of.rest();
        if (moved) {
            fs::rename(of.folder.path(), elsewhere / "moved");
        } else {
            fs::remove_all(of.folder.path());
        }
        of.await_gone("before");
        CHECK(of.shared->count() == 0);
        CHECK_FALSE(of.shared->learn("before", 1, digests_of("1")));
        fs::create_directory(of.folder.path());
        write_old_file(of.folder / "after", "2");
        of.await("after", "2");
        write_old_file(of.folder / "later", "3");
        of.await("later", "3");
        CHECK(of.names() == Names{"after", "later"});
        of.restart();
        CHECK(of.names() == Names{"after", "later"});
        if (!moved) continue;
        fs::remove_all(of.folder.path());
        fs::rename(elsewhere / "moved", of.folder.path());
        of.await("before", "1");
        of.rest();
        CHECK(of.hashed() == 0);
    }
}

TEST_CASE("sessions may ask and tell while files are hashed") {
    SharedFixture of;
    for (int i = 0; i < 200; ++i) {
        write_old_file(of.folder / ("f" + std::to_string(i)), sample(static_cast<std::size_t>(i)));
    }
    of.start();
    std::atomic<bool> done = false;
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 200; ++i) {
                const std::string name = "t" + std::to_string(t) + "-" + std::to_string(i);
                write_file(of.folder / name, name);
                of.shared->learn(name, name.size(), digests_of(name));
                std::string last;
                for (auto page = of.shared->page(last, 50); !page.empty();
                     page = of.shared->page(last, 50)) {
                    last = page.back().name;
                }
                of.shared->find_id(md5_of(name));
                (void)of.shared->claim(name, digests_of(name));
            }
        });
    }
    std::thread waiter([&] {
        for (std::thread& thread : threads) thread.join();
        done = true;
    });
    of.loop.run_until([&] { return done && of.shared->count() == 600; });
    waiter.join();
    for (int i = 0; i < 200; i += 7) {
        const std::string name = "t1-" + std::to_string(i);
        of.await(name, name);
    }
}
