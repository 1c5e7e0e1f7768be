#include <unistd.h>

#include "test/unit/sample.hpp"
#include "test/unit/session/shared_folder_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

TEST_CASE("what lies in a folder is listed by name with its digests") {
    SharedFixture of;
    write_old_file(of.folder / "b.txt", "hello\n");
    write_old_file(of.folder / "B", "");
    write_old_file(of.folder / "a \xff\n;name", sample(300'000));
    of.start();
    of.rest();
    CHECK(of.names() == Names{"B", "a \xff\n;name", "b.txt"});
    CHECK(of.shared->count() == 3);
    const auto file = of.shared->find("b.txt");
    REQUIRE(file);
    CHECK(file->md5 == "b1946ac92492d2347c6235b4d2611184");
    CHECK(file->sha256 == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    CHECK(file->status.size == 6);
    CHECK(of.shared->find("B")->md5 == "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(of.shared->find("a \xff\n;name")->sha256 == sha256_of(sample(300'000)));
    CHECK_FALSE(of.shared->find("b"));
}

TEST_CASE("folders, links, files in the making and the index are not listed") {
    SharedFixture of;
    write_old_file(of.folder / "file", "x");
    write_old_file(of.folder / ".hidden", "y");
    write_file(of.folder / ".file.netcopy-0123456789abcdef", "z");
    write_file(of.folder / ".file.netcopy-0123456789abcdef.journal", "z");
    std::filesystem::create_directory(of.folder / "folder");
    write_file(of.folder / "folder/below", "x");
    std::filesystem::create_symlink("file", of.folder / "link");
    REQUIRE(::mkfifo((of.folder / "pipe").c_str(), 0600) == 0);
    of.start();
    of.rest();
    CHECK(of.names() == Names{".hidden", "file"});
    // The same when they come later.
    std::filesystem::create_directory(of.folder / "folder2");
    std::filesystem::create_symlink("file", of.folder / "link2");
    write_file(of.folder / ".file.netcopy-0123456789abcde0", "z");
    write_old_file(of.folder / "last", "w");
    of.await("last", "w");
    of.rest();
    CHECK(of.names() == Names{".hidden", "file", "last"});
}

TEST_CASE("pages make a whole list, each behind the name that the one before ended with") {
    SharedFixture of;
    Names expected;
    for (int i = 0; i < 25; ++i) {
        expected.push_back("f" + std::to_string(100 + i));
        write_old_file(of.folder / expected.back(), expected.back());
    }
    of.start();
    of.rest();
    Names all;
    std::size_t pages = 0;
    for (auto page = of.shared->page("", 10); !page.empty();
         page = of.shared->page(all.back(), 10)) {
        CHECK(page.size() <= 10);
        for (const SharedFile& file : page) all.push_back(file.name);
        ++pages;
    }
    CHECK(all == expected);
    CHECK(pages == 3);
    CHECK(of.shared->page("f1100", 1).at(0).name == "f111");  // a name that is not there
    CHECK(of.shared->page("f124", 10).empty());
}

TEST_CASE("a file is found by its id, or by the beginning of it if no other has it") {
    SharedFixture of;
    write_old_file(of.folder / "2", "hello\n");
    write_old_file(of.folder / "1", "hello\n");
    write_old_file(of.folder / "3", "other");
    of.start();
    of.rest();
    const std::string id = "b1946ac92492d2347c6235b4d2611184";
    const auto found = of.shared->find_id(id);
    REQUIRE(found.file);
    CHECK(found.file->name == "1");  // the first of those with the same bytes
    CHECK_FALSE(found.ambiguous);
    CHECK(of.shared->find_id(id.substr(0, 6)).file->name == "1");
    CHECK(of.shared->find_id("B1946AC92492D2347C6235B4D2611184").file->name == "1");
    CHECK(of.shared->find_id(md5_of("other")).file->name == "3");
    for (const std::string& none :
         {std::string("b1946"), std::string(), id + "0", std::string("b1946b"),
          std::string("zzzzzz"), std::string("ffffffffffffffffffffffffffffffff")}) {
        INFO(none);
        const auto nothing = of.shared->find_id(none);
        CHECK_FALSE(nothing.file);
        CHECK_FALSE(nothing.ambiguous);
    }
}

TEST_CASE("a beginning that two ids have is ambiguous") {
    SharedFixture of;
    of.start();
    // Digests as they are told, for no two small contents have the first six digits in common.
    const auto told = [&](const std::string& name, const std::string& md5) {
        write_file(of.folder / name, name);
        REQUIRE(of.shared->learn(name, name.size(),
                                 {{DigestKind::md5, md5}, {DigestKind::sha256, sha256_of(name)}}));
    };
    told("a", "aaaaaaaa000000000000000000000000");
    told("b", "aaaaaaaa100000000000000000000000");
    CHECK(of.shared->find_id("aaaaaaaa").ambiguous);
    CHECK_FALSE(of.shared->find_id("aaaaaaaa").file);
    CHECK(of.shared->find_id("aaaaaaaa1").file->name == "b");
    CHECK(of.shared->find_id("aaaaaaaa0").file->name == "a");
}

TEST_CASE("what is committed and then learnt is listed at once, and never read") {
    SharedFixture of;
    of.start();
    of.rest();
    const std::string content = sample(1'000'000);
    const std::string temporary = ".up.netcopy-0123456789abcdef";
    write_old_file(of.folder / temporary, content);
    std::filesystem::rename(of.folder / temporary, of.folder / "up");
    REQUIRE(of.shared->learn("up", content.size(), digests_of(content)));
    REQUIRE(of.shared->find("up"));
    CHECK(of.shared->find("up")->md5 == md5_of(content));
    CHECK(of.shared->find("up")->sha256 == sha256_of(content));
    // The events of its making come now, before those of another file.
    write_old_file(of.folder / "other", "x");
    of.await("other", "x");
    of.rest();
    CHECK(of.names() == Names{"other", "up"});
    CHECK(of.hashed() == 1);
    of.restart();
    CHECK(of.names() == Names{"other", "up"});
    of.rest();
    CHECK(of.hashed() == 0);
}

TEST_CASE("what is not there as it was said to be is not learnt, but looked at") {
    SharedFixture of;
    of.start();
    of.rest();
    write_file(of.folder / "file", "hello\n");
    CHECK_FALSE(of.shared->learn("file", 7, digests_of("hello\n.")));
    CHECK_FALSE(of.shared->learn("missing", 6, digests_of("hello\n")));
    CHECK_FALSE(of.shared->learn("file", 6, {{DigestKind::md5, md5_of("hello\n")}}));
    of.await("file", "hello\n");
    CHECK(of.names() == Names{"file"});
}

TEST_CASE("a restart hashes only what it does not know") {
    SharedFixture of;
    write_old_file(of.folder / "a", sample(100'000));
    write_old_file(of.folder / "b", sample(50'000));
    write_old_file(of.folder / "c", "hello\n");
    of.start();
    of.rest();
    CHECK(of.hashed() == 150'006);
    of.restart();
    CHECK(of.names() == Names{"a", "b", "c"});  // at once
    of.rest();
    CHECK(of.hashed() == 0);
    of.stop();
    // Renamed, changed, new and removed while nobody looked.
    std::filesystem::rename(of.folder / "a", of.folder / "renamed");
    write_old_file(of.folder / "b", "changed");
    write_old_file(of.folder / "new", "123");
    std::filesystem::remove(of.folder / "c");
    of.restart();
    CHECK(of.names() == Names{"renamed"});
    of.rest();
    CHECK(of.hashed() == 10);
    CHECK(of.names() == Names{"b", "new", "renamed"});
    CHECK(of.shared->find("renamed")->md5 == md5_of(sample(100'000)));
    CHECK(of.shared->find("b")->sha256 == sha256_of("changed"));
}

TEST_CASE("another file with the same inode, size and time is not taken for the one before") {
    SharedFixture of;
    write_old_file(of.folder / "a", "hello\n");
    of.start();
    of.rest();
    of.stop();
    const auto inode = [&] {
        struct stat status {};
        REQUIRE(::stat((of.folder / "a").c_str(), &status) == 0);
        return status.st_ino;
    };
    const auto before = inode();
    std::filesystem::remove(of.folder / "a");
    write_old_file(of.folder / "a", "HELLO\n");
    of.restart();
    of.await("a", "HELLO\n");
    if (inode() != before) WARN("the inode was not used again: nothing was tested");
}

TEST_CASE("a file that is young when it is hashed is remembered when it has settled") {
    SharedFixture of;
    std::int64_t seconds = 1'700'000'001;
    of.times.now = [&seconds] { return FileTime{seconds, 0}; };
    write_old_file(of.folder / "a", "hello\n");  // at 1'700'000'000.1
    of.start();
    of.await("a", "hello\n");
    of.restart();
    of.await("a", "hello\n");
    CHECK(of.hashed() == 6);
    seconds += 10;
    of.rest();
    of.restart();
    of.rest();
    CHECK(of.hashed() == 0);
    CHECK(of.names() == Names{"a"});
}

TEST_CASE("a second name for a file, and a name that is gone, hash nothing") {
    SharedFixture of;
    write_old_file(of.folder / "a", sample(5000));
    std::filesystem::create_hard_link(of.folder / "a", of.folder / "b");
    of.start();
    of.rest();
    CHECK(of.names() == Names{"a", "b"});
    CHECK(of.hashed() == 5000);
    std::filesystem::create_hard_link(of.folder / "a", of.folder / "c");
    of.await("c", sample(5000));
    std::filesystem::remove(of.folder / "a");
    of.await_gone("a");
    CHECK(of.shared->find_id(md5_of(sample(5000))).file->name == "b");
    of.rest();
    CHECK(of.hashed() == 5000);
    of.restart();
    of.rest();
    CHECK(of.names() == Names{"b", "c"});
    CHECK(of.hashed() == 0);
}

TEST_CASE("an unreadable file is left out, and the others are not") {
    SharedFixture of;
    write_old_file(of.folder / "a", "a");
    write_old_file(of.folder / "b", "b");
    REQUIRE(::chmod((of.folder / "a").c_str(), 0) == 0);
    const AsNobody rights(of.folder.path(), 0777);
    of.start();
    of.rest();
    CHECK(of.names() == Names{"b"});
    REQUIRE(rights.chmod(of.folder / "a", 0644) == 0);
    of.await("a", "a");
    of.stop();
}

TEST_CASE("a folder that is not to be written to is shared without an index") {
    SharedFixture of;
    write_old_file(of.folder / "a", "hello\n");
    const AsNobody rights(of.folder.path(), 0555);
    for (int start = 0; start < 2; ++start) {
        of.start();
        of.await("a", "hello\n");
        of.rest();
        CHECK(of.hashed() == 6);
        of.stop();
    }
    CHECK(of.folder.names() == Names{"a"});
}

TEST_CASE("a folder that is missing, or none, cannot be shared") {
    SharedFixture of;
    write_file(of.folder / "file", "");
    for (const char* name : {"missing", "file"}) {
        const auto opened = SharedFolder::open(of.folder / name, of.loop.executor(), of.disk());
        REQUIRE_FALSE(opened);
        CHECK(opened.error() == Errc::local_file);
        CHECK(opened.error().context.find(name) != std::string::npos);
    }
}

TEST_CASE("of two files with one MD5 and two SHA-256 the later one is left out") {
    const auto [first, second] = colliding_contents();
    REQUIRE(md5_of(first) == md5_of(second));
    REQUIRE(sha256_of(first) != sha256_of(second));
    SharedFixture of;
    write_old_file(of.folder / "z", first);
    of.start();
    of.rest();
    const auto refused = of.shared->claim("a", digests_of(second));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == Errc::refused);
    CHECK(refused.error().context.find("'z'") != std::string::npos);
    CHECK(of.shared->claim("a", digests_of(first)));
    CHECK(of.shared->claim("a", digests_of("x")));

    write_old_file(of.folder / "a", second);
    CHECK_FALSE(of.shared->learn("a", second.size(), digests_of(second)));
    write_old_file(of.folder / "b", second);
    write_old_file(of.folder / "same", first);
    of.await("same", first);
    of.rest();
    CHECK(of.names() == Names{"same", "z"});
    CHECK(of.folder.names() == Names{".netcopy", "a", "b", "same", "z"});  // none is touched
    of.restart();
    of.rest();
    CHECK(of.names() == Names{"same", "z"});
    // When what they collide with goes they may be listed.
    std::filesystem::remove(of.folder / "z");
    std::filesystem::remove(of.folder / "same");
    of.loop.run_until([&] { return of.names() == Names{"a", "b"}; });
    CHECK(of.shared->find("a")->sha256 == sha256_of(second));
}

TEST_CASE("stopping ends the task soon, also while a large file is hashed") {
    SharedFixture of;
    write_file(of.folder / "huge", "");
    std::filesystem::resize_file(of.folder / "huge", std::uint64_t{64} << 30);  // a hole
    of.start();
    of.loop.run_until([&] { return of.hashed() > 0; });
    CHECK(of.shared->progress().counting);
    CHECK(of.shared->progress().total == std::uint64_t{64} << 30);
    REQUIRE(of.shared->progress().active().size() == 1);
    CHECK(of.shared->progress().active()[0]->name == "huge");
    const auto began = Clock::now();
    of.stop();
    CHECK(Clock::now() - began < 5s);
    CHECK(of.names().empty());
}

TEST_CASE("cancelling ends the task like stopping") {
    SharedFixture of;
    write_old_file(of.folder / "a", "hello\n");
    asio::cancellation_signal cancel;
    of.open();
    const auto running = of.loop.start(of.shared->run(), cancel.slot());
    of.await("a", "hello\n");
    cancel.emit(asio::cancellation_type::terminal);
    of.loop.finish(running);
    of.shared.reset();
    of.start();
    of.rest();
    CHECK(of.names() == Names{"a"});
    CHECK(of.hashed() == 0);
}
