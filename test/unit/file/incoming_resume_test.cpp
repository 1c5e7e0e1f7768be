// The process that wrote a partial file is killed: here it lets go of it, which does no more than
// the kernel does. What a loss of power leaves is made by hand.

#include <sys/file.h>
#include <unistd.h>

#include "file/crc64.hpp"
#include "file/journal.hpp"
#include "test/unit/file/tree_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

constexpr std::uint64_t size = 6 << 20;

const std::string& whole() {
    static const std::string content = sample(size);
    return content;
}

struct Interrupted : TreeFixture {
    std::string content = whole();

    /// Written up to `bytes`, then let go.
    void attempt(std::uint64_t bytes, const IncomingPlan& plan = plan_of(size)) {
        IncomingFile file = create("name", plan);
        REQUIRE(file.start_over());
        constexpr std::uint64_t piece = 100'000;
        for (std::uint64_t at = 0; at < bytes; at += piece) {
            const auto part = as_bytes(content).subspan(at, std::min(piece, bytes - at));
            REQUIRE(file.write_at(at, part));
        }
    }
    static std::uint64_t checked(IncomingFile& file) {
        for (int stretch = 0; stretch < 1000; ++stretch) {
            const auto done = file.check_some();
            REQUIRE(done);
            if (*done) return file.kept();
        }
        FAIL("it never ends");
        return 0;
    }
    /// Goes on with the file, as a session does, and commits it.
    void complete(std::uint64_t expected_kept, const IncomingPlan& plan = plan_of(size)) {
        IncomingFile file = create("name", plan);
        const std::uint64_t kept = checked(file);
        CHECK(kept == expected_kept);
        CHECK(file.kept_crc64() == crc64(0, as_bytes(content).first(kept)));
        REQUIRE(file.write_at(kept, as_bytes(content).subspan(kept)));
        REQUIRE(file.finish(size));
        REQUIRE(commit(std::move(file)));
        CHECK(names() == Names{"name"});
        CHECK((read_file(root / "name") == content));
    }
    std::filesystem::path partial() const {
        const Names all = names();
        REQUIRE(all.size() == 2);
        return root / all[0];
    }
    std::filesystem::path journal() const { return partial().string() + ".journal"; }
};

void overwrite(const std::filesystem::path& path, std::uint64_t offset, std::string_view text) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << text;
    REQUIRE(file.flush());
}

}  // namespace

TEST_CASE("a large file goes on where it was, a step of 256 KiB at most before") {
    for (const std::uint64_t bytes :
         {std::uint64_t{300'000}, std::uint64_t{2} << 20, (std::uint64_t{2} << 20) + 1, size - 1}) {
        Interrupted at;
        at.attempt(bytes);
        at.complete(bytes / journal_step * journal_step);
    }
}

TEST_CASE("a file that was written to its end goes on from there") {
    Interrupted at;
    at.attempt(size);
    at.complete(size);
}

TEST_CASE("a large file with less than a step is not kept") {
    Interrupted at;
    at.attempt(journal_step - 1);
    CHECK(at.names().empty());
    at.complete(0);
}

TEST_CASE("a file goes on after any number of interruptions") {
    Interrupted at;
    at.attempt(journal_step);
    for (std::uint64_t step = 1; step < 6; ++step) {
        IncomingFile file = at.create("name", plan_of(size));
        REQUIRE(at.checked(file) == step * journal_step);
        REQUIRE(file.write_at(file.kept(),
                              as_bytes(at.content).subspan(file.kept(), journal_step + 17)));
    }
    at.complete(6 * journal_step);
}

TEST_CASE("checking what was kept is done a few MiB at a time") {
    Interrupted at;
    at.attempt(size);
    IncomingFile file = at.create("name", plan_of(size));
    CHECK(file.kept() == size);
    const auto first = file.check_some();
    REQUIRE(first);
    CHECK_FALSE(*first);
    check_error(file.write_at(size, as_bytes("x")), Errc::local_file);
    CHECK(at.checked(file) == size);
}

TEST_CASE("what is kept may be thrown away") {
    Interrupted at;
    at.attempt(3 << 20);
    {
        IncomingFile file = at.create("name", plan_of(size));
        REQUIRE(file.start_over());
        CHECK(file.kept() == 0);
        CHECK(file.kept_crc64() == 0);
    }
    at.attempt(3 << 20);
    IncomingFile file = at.create("name", plan_of(size));
    REQUIRE(at.checked(file) == 3 << 20);
    REQUIRE(file.start_over());
    std::reverse(at.content.begin(), at.content.end());
    REQUIRE(file.write_at(0, as_bytes(at.content)));
    REQUIRE(file.finish(size));
    REQUIRE(at.commit(std::move(file)));
    CHECK((read_file(at.root / "name") == at.content));
}

TEST_CASE("a discarded large file leaves nothing") {
    Interrupted at;
    at.attempt(3 << 20);
    IncomingFile file = at.create("name", plan_of(size));
    file.discard();
    CHECK(at.names().empty());
}

TEST_CASE("what was kept of another size or time is thrown away") {
    for (const bool other_time : {false, true}) {
        Interrupted at;
        at.attempt(3 << 20);
        IncomingPlan plan = plan_of(size);
        if (other_time) plan.mtime.nanoseconds += 1;
        if (!other_time) plan.size = size + 1;
        IncomingFile file = at.create("name", plan);
        CHECK(at.checked(file) == 0);
        CHECK(file.kept_crc64() == 0);
        CHECK(std::filesystem::file_size(at.partial()) == 0);
    }
}

TEST_CASE("bytes that the disk lost or changed are found, and what is before them is kept") {
    const std::uint64_t place = (2 << 20) + 77;
    const std::uint64_t good = 2 << 20;
    SECTION("changed") {
        Interrupted at;
        at.attempt(5 << 20);
        overwrite(at.partial(), place, "?");
        at.complete(good);
    }
    SECTION("cut") {
        Interrupted at;
        at.attempt(5 << 20);
        std::filesystem::resize_file(at.partial(), place);
        at.complete(good);
    }
    SECTION("lost while the size was not") {
        Interrupted at;
        at.attempt(5 << 20);
        std::filesystem::resize_file(at.partial(), place);
        std::filesystem::resize_file(at.partial(), 5 << 20);
        at.complete(good);
    }
    SECTION("all of them") {
        Interrupted at;
        at.attempt(5 << 20);
        std::filesystem::resize_file(at.partial(), 0);
        at.complete(0);
    }
}

TEST_CASE("a journal that is damaged, cut, foreign, longer than the file or missing harms nobody") {
    Interrupted at;
    at.attempt(5 << 20);
    const std::filesystem::path journal = at.journal();
    const std::size_t header = journal_header({size, some_time, "name"}).size();
    const std::size_t record = header + 8 * 8;  // of the first 2 MiB and 256 KiB
    SECTION("a record is damaged") {
        overwrite(journal, record, "?");
        at.complete(2 << 20);
    }
    SECTION("a record is cut") {
        std::filesystem::resize_file(journal, record + 5);
        at.complete(2 << 20);
    }
    SECTION("it was not written to its end") {
        std::filesystem::resize_file(journal, record);
        std::filesystem::resize_file(journal, header + 8 * 20);
        at.complete(2 << 20);
    }
    SECTION("the header is damaged") {
        overwrite(journal, 20, "?");
        at.complete(0);
    }
    SECTION("the header is cut") {
        std::filesystem::resize_file(journal, header - 1);
        at.complete(0);
    }
    SECTION("it has records for more than the size") {
        std::ofstream(journal, std::ios::app) << std::string(8 * 100, 'r');
        at.complete(5 << 20);
    }
    SECTION("it is of no known version") {
        overwrite(journal, 0, "netcopy-journal 2");
        at.complete(0);
    }
    SECTION("it is missing") {
        std::filesystem::remove(journal);
        at.complete(0);
    }
    SECTION("it is empty") {
        std::filesystem::resize_file(journal, 0);
        at.complete(0);
    }
}

TEST_CASE("a journal without its file begins anew") {
    Interrupted at;
    at.attempt(5 << 20);
    std::filesystem::remove(at.partial());
    at.complete(0);
}

TEST_CASE("holes are kept as such over an interruption") {
    TreeFixture at;
    IncomingPlan plan = plan_of(16 << 20);
    plan.sparse = true;
    {
        IncomingFile file = at.create("sparse", plan);
        REQUIRE(file.write_at(0, as_bytes("begin")));
        REQUIRE(file.write_at(8 << 20, as_bytes(sample(journal_step))));
    }
    IncomingFile file = at.create("sparse", plan);
    REQUIRE(Interrupted::checked(file) == (8 << 20) + journal_step);
    REQUIRE(file.finish(16 << 20));
    REQUIRE(at.commit(std::move(file)));
    std::string expected(16 << 20, '\0');
    expected.replace(0, 5, "begin").replace(8 << 20, journal_step, sample(journal_step));
    CHECK((read_file(at.root / "sparse") == expected));
    CHECK(status_of(at.root / "sparse").st_blocks * 512 < 1 << 20);
}

TEST_CASE("what lies behind the good bytes does not show through a hole") {
    Interrupted at;
    IncomingPlan plan = plan_of(size);
    plan.sparse = true;
    at.attempt(5 << 20, plan);
    overwrite(at.partial(), 2 << 20, "?");
    IncomingFile file = at.create("name", plan);
    REQUIRE(at.checked(file) == 2 << 20);
    REQUIRE(file.write_at((5 << 20) + 9, as_bytes("end")));
    REQUIRE(file.finish(size));
    REQUIRE(at.commit(std::move(file)));
    std::string expected = at.content.substr(0, 2 << 20);
    expected.resize(size);
    expected.replace((5 << 20) + 9, 3, "end");
    CHECK((read_file(at.root / "name") == expected));
}

TEST_CASE("a file that another one is writing is busy, in this process or another") {
    Interrupted at;
    IncomingFile first = at.create("name", plan_of(size));
    Tree other = at.tree.another();
    const auto second = other.create("name", plan_of(size));
    check_error(second, Errc::refused, "busy");
    CHECK(is_busy(second.error()));
    CHECK(at.names().size() == 2);
    REQUIRE(first.write_at(0, as_bytes(at.content)));
    REQUIRE(first.finish(size));
    CHECK(is_busy(other.create("name", plan_of(size)).error()));
    REQUIRE(at.commit(std::move(first)));
    CHECK((read_file(at.root / "name") == at.content));

    IncomingFile third = at.create("name", plan_of(size));
    third.discard();
    CHECK(other.create("name", plan_of(size)));
}

TEST_CASE("a partial file that somebody else holds locked is left alone") {
    Interrupted at;
    at.attempt(3 << 20);
    const Descriptor other(::open(at.partial().c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(other.get(), LOCK_EX | LOCK_NB) == 0);
    CHECK(is_busy(at.tree.create("name", plan_of(size)).error()));
    CHECK(std::filesystem::file_size(at.partial()) == 3 << 20);
    REQUIRE(::flock(other.get(), LOCK_UN) == 0);
    at.complete(3 << 20);
}

TEST_CASE("only what is busy, out of descriptors or out of space is called so") {
    const Error other = make_error(Errc::refused, "the name 'busy, another' is refused");
    CHECK_FALSE(is_busy(other));
    CHECK_FALSE(is_out_of_space(make_error(Errc::local_file, "cannot write 'a'", EIO)));
    CHECK(is_out_of_space(make_error(Errc::local_file, "cannot write 'a'", ENOSPC)));
    CHECK(is_out_of_descriptors(make_error(Errc::local_file, "cannot write 'a'", EMFILE)));
    CHECK(is_out_of_descriptors(make_error(Errc::local_file, "cannot write 'a'", ENFILE)));
    CHECK_FALSE(is_out_of_descriptors(make_error(Errc::local_file, "cannot write 'a'", EACCES)));
}
