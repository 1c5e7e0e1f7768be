#include <unistd.h>

#include "test/unit/file/tree_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

TEST_CASE("a small file in the making cannot be seen, and appears whole at the commit") {
    TreeFixture at;
    IncomingFile file = at.create("docs/name", plan_of(4));
    REQUIRE(file.write_at(0, as_bytes("text")));
    CHECK(at.names("docs").empty());
    REQUIRE(file.finish(4));
    CHECK(at.names("docs").empty());
    const auto name = at.commit(std::move(file));
    REQUIRE(name);
    CHECK(*name == "name");
    CHECK(at.names("docs") == Names{"name"});
    CHECK(read_file(at.root / "docs/name") == "text");
}

TEST_CASE("mode and time are the sender's, to the nanosecond, and set-id bits are dropped") {
    TreeFixture at;
    for (const std::uint32_t mode : {0640U, 0400U, 0000U, 06755U}) {
        IncomingPlan plan = plan_of(1);
        plan.mode = mode;
        const std::string path = "mode" + std::to_string(mode);
        REQUIRE(at.commit(at.written(path, "x", plan)));
        const struct stat status = status_of(at.root / path);
        CHECK((status.st_mode & 07777) == (mode & 0777));
        CHECK(make_status(status).mtime == some_time);
    }
}

TEST_CASE("a time before 1970 is a time too") {
    TreeFixture at;
    IncomingPlan plan = plan_of(1);
    plan.mtime = {-2, 500'000'000};
    REQUIRE(at.commit(at.written("old", "x", plan)));
    CHECK(at.tree.status("old").value()->mtime == plan.mtime);
}

TEST_CASE("without mode and time a file has what the umask leaves, and the time of now") {
    TreeFixture at;
    for (const std::size_t size : {std::size_t{1}, std::size_t{resumable_size}}) {
        IncomingPlan plan = plan_of(size);
        plan.mode.reset();
        plan.keep_mtime = false;
        const mode_t before = ::umask(027);
        IncomingFile file = at.written("name" + std::to_string(size), sample(size), plan);
        ::umask(before);
        REQUIRE(at.commit(std::move(file)));
        const struct stat status = status_of(at.root / ("name" + std::to_string(size)));
        CHECK((status.st_mode & 07777) == 0640);
        CHECK(status.st_mtim.tv_sec > some_time.seconds + 86'400);
    }
}

TEST_CASE("a file that replaces another one without a mode has that one's") {
    TreeFixture at;
    write_file(at.root / "name", "older");
    REQUIRE(::chmod((at.root / "name").c_str(), 0604) == 0);
    IncomingPlan plan = plan_of(5);
    plan.mode.reset();
    plan.existing = Existing::replace;
    REQUIRE(at.commit(at.written("name", "newer", plan)));
    CHECK((status_of(at.root / "name").st_mode & 07777) == 0604);
    CHECK(read_file(at.root / "name") == "newer");
}

TEST_CASE("an empty file and one of unknown size are files") {
    TreeFixture at;
    REQUIRE(at.put("empty", ""));
    CHECK(read_file(at.root / "empty").empty());

    IncomingPlan plan = plan_of(0);
    plan.size.reset();
    const std::string content = sample(3 * resumable_size);
    IncomingFile file = at.create("pipe", plan);
    CHECK(file.kept() == 0);
    REQUIRE(file.write_at(0, as_bytes(content)));
    CHECK(at.names() == Names{"empty"});
    REQUIRE(file.finish(content.size()));
    REQUIRE(at.commit(std::move(file)));
    CHECK(read_file(at.root / "pipe") == content);
}

TEST_CASE("what is left out between writes and at the end is zeros, and takes no room") {
    TreeFixture at;
    IncomingPlan plan = plan_of(16 << 20);
    plan.sparse = true;
    IncomingFile file = at.create("sparse", plan);
    REQUIRE(file.write_at(1 << 20, as_bytes("one")));
    REQUIRE(file.write_at(8 << 20, as_bytes("eight")));
    REQUIRE(file.finish(16 << 20));
    REQUIRE(at.commit(std::move(file)));
    std::string expected(16 << 20, '\0');
    expected.replace(1 << 20, 3, "one").replace(8 << 20, 5, "eight");
    CHECK(read_file(at.root / "sparse") == expected);
    CHECK(status_of(at.root / "sparse").st_blocks * 512 < 1 << 20);
    CHECK(at.tree.status("sparse").value()->sparse);
}

TEST_CASE("what was written can be read back before the commit") {
    TreeFixture at;
    const IncomingFile file = at.written("name", "0123456789", plan_of(10));
    std::array<std::byte, 8> buffer{};
    REQUIRE(file.read_at(4, buffer).value() == 6);
    CHECK(as_text(Bytes(buffer).first(6)) == "456789");
    CHECK(file.read_at(10, buffer).value() == 0);
}

TEST_CASE("bytes behind the place that has been reached are refused") {
    TreeFixture at;
    IncomingFile file = at.create("name", plan_of(10));
    REQUIRE(file.write_at(0, as_bytes("01234")));
    check_error(file.write_at(4, as_bytes("x")), Errc::local_file);
    REQUIRE(file.write_at(5, as_bytes("56789")));
    REQUIRE(file.finish(10));
    REQUIRE(at.commit(std::move(file)));
    CHECK(read_file(at.root / "name") == "0123456789");
}

TEST_CASE("a small file that is let go leaves nothing, kept or discarded") {
    TreeFixture at;
    { const IncomingFile file = at.written("a", "text", plan_of(4)); }
    IncomingFile kept = at.written("b", "text", plan_of(4));
    kept.keep();
    IncomingFile discarded = at.written("c", "text", plan_of(4));
    discarded.discard();
    CHECK(at.names().empty());
}

TEST_CASE("a large file in the making has a temporary name, a journal, and the size reserved") {
    TreeFixture at;
    const std::uint64_t size = 8 << 20;
    IncomingFile file = at.create("name", plan_of(size));
    const Names names = at.names();
    REQUIRE(names.size() == 2);
    CHECK(names[0].starts_with(".name.netcopy-"));
    CHECK(names[1] == names[0] + ".journal");
    CHECK(static_cast<std::uint64_t>(status_of(at.root / names[0]).st_blocks) * 512 >= size);
    CHECK(status_of(at.root / names[0]).st_size == 0);
    CHECK((status_of(at.root / names[0]).st_mode & 077) == 0);
    const std::string content = sample(size);
    REQUIRE(file.write_at(0, as_bytes(content)));
    REQUIRE(file.finish(size));
    REQUIRE(at.commit(std::move(file)));
    CHECK(at.names() == Names{"name"});
    CHECK(read_file(at.root / "name") == content);
    CHECK((status_of(at.root / "name").st_mode & 07777) == 0640);
    CHECK(at.tree.status("name").value()->mtime == some_time);
}

TEST_CASE("a size that no disk has is refused at once, and nothing is left") {
    TreeFixture at;
    const std::uint64_t free = at.tree.free_space().value();
    const auto file = at.tree.create("name", plan_of(free + (std::uint64_t{1} << 40)));
    REQUIRE(file.has_error());
    INFO(file.error().context);
    CHECK(is_out_of_space(file.error()));
    CHECK(at.names().empty());
    IncomingPlan pipe;
    pipe.reserve = free + (std::uint64_t{1} << 40);
    const auto reserved = at.tree.create("name", pipe);
    REQUIRE(reserved.has_error());
    CHECK(is_out_of_space(reserved.error()));
    const auto huge = at.tree.create("name", plan_of(INT64_MAX));
    check_error(huge, Errc::local_file);
    CHECK(at.names().empty());
}

TEST_CASE("a file can be given another name at the last moment") {
    TreeFixture at;
    write_file(at.root / "name.corrupted", "older");
    IncomingPlan plan = plan_of(4);
    IncomingFile file = at.written("name", "text", plan);
    file.retarget("name.corrupted", Existing::replace);
    CHECK(file.name().find("name.corrupted") != std::string::npos);
    REQUIRE(at.commit(std::move(file)));
    CHECK(at.names() == Names{"name.corrupted"});
    CHECK(read_file(at.root / "name.corrupted") == "text");

    IncomingFile bad = at.written("other", "text", plan);
    bad.retarget("../outside/other", Existing::replace);
    check_error(at.commit(std::move(bad)), Errc::refused);
    CHECK(at.outside_is_empty());
}

TEST_CASE("names of any bytes and of every length are written") {
    TreeFixture at;
    std::string every;
    for (int byte = 1; byte < 256; ++byte) {
        if (byte != '/') every += static_cast<char>(byte);
    }
    for (const std::string& name : {every, std::string(255, 'n'), std::string("-"),
                                    std::string("a\nb"), std::string("\xff"), std::string("...")}) {
        for (const std::size_t size : {std::size_t{3}, std::size_t{resumable_size}}) {
            const std::string content = sample(size);
            REQUIRE(at.put(name, content, Existing::replace));
            CHECK(read_file(at.root / name) == content);
        }
    }
}

TEST_CASE("two large files whose long names begin alike do not meet") {
    TreeFixture at;
    const std::string first = std::string(254, 'n') + "1";
    const std::string second = std::string(254, 'n') + "2";
    IncomingFile one = at.written(first, sample(resumable_size), plan_of(0));
    IncomingFile two = at.written(second, sample(resumable_size + 1), plan_of(0));
    CHECK(at.names().size() == 4);
    REQUIRE(at.commit(std::move(one)));
    REQUIRE(at.commit(std::move(two)));
    CHECK(at.names() == Names{first, second});
    CHECK(read_file(at.root / second) == sample(resumable_size + 1));
}
