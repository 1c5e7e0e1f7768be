#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "test/unit/file/tree_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;
namespace fs = std::filesystem;

TEST_CASE("a tree makes its root and all above it, and may be a link itself") {
    const TemporaryFolder folder;
    REQUIRE(Tree::open(folder / "a/b/c"));
    CHECK(fs::is_directory(folder / "a/b/c"));
    fs::create_directory_symlink(folder / "a/b", folder / "link");
    auto tree = Tree::open(folder / "link");
    REQUIRE(tree);
    REQUIRE(TreeFixture::commit([&] {
        IncomingFile file = *tree->create("name", plan_of(0));
        REQUIRE(file.finish(0));
        return file;
    }()));
    CHECK(fs::exists(folder / "a/b/name"));
    CHECK(tree->root() == folder / "link");
}

TEST_CASE("a root that is a file, or below one, is none") {
    const TemporaryFolder folder;
    write_file(folder / "file", "");
    check_error(Tree::open(folder / "file"), Errc::local_file, "file");
    check_error(Tree::open(folder / "file/below"), Errc::local_file, "below");
}

TEST_CASE("the status of what is there is told, and of what is not there that it is not") {
    TreeFixture at;
    REQUIRE(at.put("folder/name", "text"));
    fs::create_symlink("name", at.root / "folder/link");
    const auto file = at.tree.status("folder/name");
    REQUIRE(file);
    REQUIRE(*file);
    CHECK((*file)->kind == FileStatus::Kind::regular);
    CHECK((*file)->size == 4);
    CHECK((*file)->mode == 0640);
    CHECK((*file)->mtime == some_time);
    CHECK_FALSE((*file)->sparse);
    CHECK(at.tree.status("folder").value()->kind == FileStatus::Kind::folder);
    CHECK(at.tree.status("folder/link").value()->kind == FileStatus::Kind::link);
    CHECK_FALSE(at.tree.status("missing").value());
    CHECK_FALSE(at.tree.status("missing/below").value());
    CHECK_FALSE(at.tree.status("folder/missing").value());
    REQUIRE(::mkfifo((at.root / "pipe").c_str(), 0600) == 0);
    CHECK(at.tree.status("pipe").value()->kind == FileStatus::Kind::other);
    CHECK_FALSE(fs::exists(at.root / "missing"));
}

TEST_CASE("a folder that was missing is found as soon as it is made, by us at once") {
    TreeFixture at;
    CHECK_FALSE(at.tree.status("folder/name").value());
    REQUIRE(at.put("folder/name", "text"));
    CHECK(at.tree.status("folder/name").value());
    CHECK_FALSE(at.tree.status("a/b/name").value());
    REQUIRE(at.tree.make_folder("a/b", 0755, some_time));
    CHECK_FALSE(at.tree.status("a/b/name").value());
    CHECK(at.tree.status("a/b").value());

    CHECK_FALSE(at.tree.status("theirs/name").value());
    fs::create_directory(at.root / "theirs");
    write_file(at.root / "theirs/name", "text");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    bool found = false;
    while (!found && std::chrono::steady_clock::now() < deadline) {
        found = at.tree.status("theirs/name").value().has_value();
    }
    CHECK(found);
}

TEST_CASE("what is there can be read back") {
    TreeFixture at;
    REQUIRE(at.put("folder/name", "text"));
    auto source = at.tree.read("folder/name");
    REQUIRE(source);
    std::array<std::byte, 8> buffer{};
    CHECK(as_text(Bytes(buffer).first(source->read_at(0, buffer).value())) == "text");
    check_error(at.tree.read("folder"), Errc::local_file, "folder");
    check_error(at.tree.read("folder/missing"), Errc::local_file, "missing");
    check_error(at.tree.read("missing/name"), Errc::local_file, "missing");
}

TEST_CASE("names that are not safe are refused by every call") {
    TreeFixture at;
    for (const std::string path : {"", "..", "../outside/name", "/etc/passwd", "a/../../outside/b",
                                   ".a.netcopy-0123456789abcdef", "a//b"}) {
        INFO(path);
        check_error(at.tree.status(path), Errc::refused);
        check_error(at.tree.read(path), Errc::refused);
        check_error(at.tree.create(path, plan_of(0)), Errc::refused);
        check_error(at.tree.make_folder(path, 0755, some_time), Errc::refused);
        check_error(at.tree.make_link(path, "target", some_time, true), Errc::refused);
        check_error(at.tree.set_metadata(path, 0644, some_time), Errc::refused);
    }
    CHECK(at.names().empty());
    CHECK(at.outside_is_empty());
}

TEST_CASE("a folder is made with all above it, once, and gets its mode and time") {
    TreeFixture at;
    CHECK(at.tree.make_folder("a/b/c", 0750, some_time).value());
    CHECK(at.tree.make_folder("a/b/c", 0710, some_time).value() == false);
    const auto status = at.tree.status("a/b/c").value();
    CHECK(status->kind == FileStatus::Kind::folder);
    CHECK(status->mode == 0710);
    CHECK(status->mtime == some_time);
    CHECK(at.tree.make_folder("bare", std::nullopt, std::nullopt).value());
    CHECK(at.tree.status("bare").value()->mtime > some_time);
    CHECK(at.tree.sync_folders());
}

TEST_CASE("a folder that is not writable for long is so only at its end") {
    TreeFixture at;
    REQUIRE(at.put("folder/name", "text"));
    CHECK(at.tree.make_folder("folder", 0555, some_time).value() == false);
    CHECK(at.tree.status("folder").value()->mode == 0555);
    CHECK(at.tree.status("folder").value()->mtime == some_time);
    REQUIRE(::chmod((at.root / "folder").c_str(), 0755) == 0);
}

TEST_CASE("a folder keeps its set-group-id bit, which new files take their group from") {
    TreeFixture at;
    fs::create_directory(at.root / "folder");
    REQUIRE(::chmod((at.root / "folder").c_str(), 02775) == 0);
    REQUIRE(at.tree.make_folder("folder", 0750, std::nullopt));
    CHECK(at.tree.status("folder").value()->mode == 02750);
}

TEST_CASE("a folder is not made where a file is, nor below one") {
    TreeFixture at;
    write_file(at.root / "file", "text");
    check_error(at.tree.make_folder("file", 0755, some_time), Errc::refused, "file");
    check_error(at.tree.make_folder("file/below", 0755, some_time), Errc::refused, "file");
    check_error(at.tree.create("file/below", plan_of(0)), Errc::refused, "file");
    check_error(at.tree.status("file/below"), Errc::refused, "file");
    CHECK(read_file(at.root / "file") == "text");
}

TEST_CASE("a link is made as it is, is found again, and takes another's place only if it may") {
    TreeFixture at;
    CHECK(at.tree.make_link("folder/link", "../any/where", some_time, false).value());
    CHECK(fs::read_symlink(at.root / "folder/link") == "../any/where");
    CHECK(at.tree.status("folder/link").value()->mtime == some_time);
    CHECK(at.tree.make_link("folder/link", "../any/where", some_time, false).value() == false);
    const FileTime later{some_time.seconds + 1, 5};
    CHECK(at.tree.make_link("folder/link", "../any/where", later, false).value() == false);
    CHECK(at.tree.status("folder/link").value()->mtime == later);
    check_error(at.tree.make_link("folder/link", "other", some_time, false), Errc::refused, "link");
    CHECK(fs::read_symlink(at.root / "folder/link") == "../any/where");
    CHECK(at.tree.make_link("folder/link", "other", some_time, true).value());
    CHECK(fs::read_symlink(at.root / "folder/link") == "other");
    write_file(at.root / "folder/file", "text");
    check_error(at.tree.make_link("folder/file", "other", some_time, false), Errc::refused);
    CHECK(read_file(at.root / "folder/file") == "text");
    CHECK(at.tree.make_link("folder/file", "other", some_time, true).value());
    check_error(at.tree.make_link("folder", "other", some_time, true), Errc::refused);
    CHECK(at.names("folder") == Names{"file", "link"});
    CHECK(at.tree.sync_folders());
}

TEST_CASE("mode and time of a file that is there can be set, and of nothing else") {
    TreeFixture at;
    REQUIRE(at.put("name", "text"));
    const FileTime other{1'600'000'000, 1};
    REQUIRE(at.tree.set_metadata("name", 04604, other));
    CHECK(at.tree.status("name").value()->mode == 0604);
    CHECK(at.tree.status("name").value()->mtime == other);
    REQUIRE(at.tree.make_folder("folder", 0755, some_time));
    check_error(at.tree.set_metadata("folder", 0644, other), Errc::refused, "folder");
    check_error(at.tree.set_metadata("missing", 0644, other), Errc::local_file, "missing");
    CHECK(at.tree.status("folder").value()->mtime == some_time);
    CHECK(at.tree.sync_folders());
}

TEST_CASE("many folders and few become durable alike") {
    TreeFixture at;
    for (const int count : {3, 30}) {
        for (int i = 0; i < count; ++i) {
            REQUIRE(at.tree.make_folder(std::to_string(count) + "/" + std::to_string(i), 0755,
                                        some_time));
        }
        CHECK(at.tree.sync_folders());
        CHECK(at.tree.sync_folders());
    }
}

TEST_CASE("more folders than are kept open are all written to") {
    TreeFixture at;
    for (int round = 0; round < 2; ++round) {
        CommitBatch batch;
        for (int i = 0; i < 200; ++i) {
            const std::string path = std::to_string(i) + "/" + std::to_string(round);
            batch.add(0, at.written(path, path, plan_of(0)));
        }
        for (const auto& outcome : batch.commit()) REQUIRE(outcome.name);
    }
    CHECK(at.names().size() == 200);
    CHECK(read_file(at.root / "0/1") == "0/1");
    CHECK(read_file(at.root / "199/0") == "199/0");
}

TEST_CASE("a path as long as they get leads to a file") {
    TreeFixture at;
    std::string path;
    while (path.size() < 4088) path += "folders/";
    path += "the_file";
    REQUIRE(path.size() == 4096);
    REQUIRE(at.put(path, "text"));
    CHECK(at.tree.status(path).value()->size == 4);
    REQUIRE(at.tree.read(path));
    CHECK(at.tree.status(path.substr(0, 2999)).value()->kind == FileStatus::Kind::folder);
}

TEST_CASE("a folder that is removed while it is open is made again") {
    TreeFixture at;
    const auto put_again = [&at](const std::string& path, const std::string& content) {
        const auto first = at.put(path, content);
        // Some file systems (tmpfs) give nameless files in folders that are gone; the commit then
        // finds out, and the next attempt the way.
        if (!first) check_error(first, Errc::refused, "removed");
        REQUIRE((first || at.put(path, content)));
    };
    REQUIRE(at.put("a/b/c/first", "text"));
    fs::remove_all(at.root / "a/b");
    put_again("a/b/c/second", "text");
    CHECK(at.names("a/b/c") == Names{"second"});
    fs::remove_all(at.root / "a");
    put_again("a/b/c/third", sample(resumable_size));
    fs::remove_all(at.root / "a");
    CHECK(at.tree.make_folder("a/b/c/d", 0755, some_time).value());
    fs::remove_all(at.root / "a");
    CHECK(at.tree.make_link("a/b/c/link", "target", some_time, false).value());
    fs::remove_all(at.root / "a");
    CHECK_FALSE(at.tree.status("a/b/c/third").value());
}

TEST_CASE("another tree of the same root sees the same, and finds a root that was made anew") {
    TreeFixture at;
    REQUIRE(at.put("folder/name", "text"));
    Tree other = at.tree.another();
    CHECK(other.status("folder/name").value()->size == 4);
    fs::remove_all(at.root);
    Tree third = at.tree.another();
    REQUIRE(third.make_folder("folder", 0755, some_time));
    CHECK(fs::is_directory(at.root / "folder"));
}

TEST_CASE("the space that is used is that of all regular files below, partial ones too") {
    TreeFixture at;
    CHECK(at.tree.used_space().value() == 0);
    REQUIRE(at.put("a", "12345"));
    REQUIRE(at.put("b/c/d", "1234567"));
    fs::create_symlink(at.root / "a", at.root / "b/link");
    fs::create_directory_symlink(at.root / "b", at.root / "b/circle");
    write_file(at.root / "b/.x.netcopy-0123456789abcdef", "123");
    CHECK(at.tree.used_space().value() == 15);
    CHECK(at.tree.free_space().value() > 0);
}
