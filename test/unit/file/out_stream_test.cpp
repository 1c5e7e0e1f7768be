#include "file/out_stream.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "file/commit_batch.hpp"
#include "file/tree.hpp"
#include "test/unit/results.hpp"

namespace netcopy::test {
namespace {

struct Written {
    std::string text;
    std::size_t room = SIZE_MAX;  // then writing fails
    std::shared_ptr<OutStream> stream = std::make_shared<OutStream>([this](Bytes bytes) {
        if (bytes.size() > room) return Result<>(make_error(Errc::local_file, "broken pipe"));
        room -= bytes.size();
        text += as_text(bytes);
        return Result<>();
    });
};

}  // namespace

TEST_CASE("What is written goes out at once, holes as zeros") {
    Written at;
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("abc")));
    CHECK(at.text == "abc");
    REQUIRE(at.stream->write_at(5, as_bytes("f")));
    REQUIRE(at.stream->finish(8));
    CHECK(at.text == std::string("abc\0\0f\0\0", 8));
}

TEST_CASE("Another attempt is compared with what went out, and goes on behind it") {
    Written at;
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("abcdef")));
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("ab")));
    REQUIRE(at.stream->write_at(2, as_bytes("cdefgh")));
    at.stream->begin();  // breaks before it comes as far as the one before
    REQUIRE(at.stream->write_at(0, as_bytes("abc")));
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("abcdefghi")));
    REQUIRE(at.stream->finish(9));
    CHECK(at.text == "abcdefghi");
}

TEST_CASE("Another attempt with other bytes is corruption, and nothing more goes out") {
    Written at;
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("abcdef")));
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("abXd")));
    const auto failed = at.stream->write_at(4, as_bytes("efgh"));
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == Errc::corrupted);
    at.stream->begin();
    CHECK_FALSE(at.stream->write_at(0, as_bytes("abcdefgh")));
    CHECK(at.text == "abcdef");
}

TEST_CASE("A file that has become shorter than what went out is corruption") {
    Written at;
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("abcdef")));
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("abc")));
    const auto failed = at.stream->finish(3);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == Errc::corrupted);
}

TEST_CASE("A pipe that breaks is an error of the local system, now and later") {
    Written at;
    at.room = 3;
    at.stream->begin();
    REQUIRE(at.stream->write_at(0, as_bytes("abc")));
    const auto failed = at.stream->write_at(3, as_bytes("d"));
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == Errc::local_file);
    at.room = SIZE_MAX;
    at.stream->begin();
    CHECK_FALSE(at.stream->write_at(0, as_bytes("abcd")));
}

TEST_CASE("A tree that is a stream has nothing, takes a file of any size, and commits it") {
    Written at;
    Tree tree = Tree::to_stream(at.stream).another();
    CHECK(tree.status("a").value() == std::nullopt);
    CHECK(tree.free_space().value() == UINT64_MAX);
    IncomingPlan plan;
    plan.size = 2 << 20;
    plan.mode = 0600;
    auto file = tree.create("a", plan);
    REQUIRE(file);
    CHECK(file->kept() == 0);
    const std::string bytes(2 << 20, 'x');
    REQUIRE(file->write_at(0, as_bytes(bytes)));
    REQUIRE(file->finish(bytes.size()));
    CommitBatch batch;
    batch.add(7, std::move(*file));
    const auto outcomes = batch.commit();
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].tag == 7);
    CHECK(outcomes[0].name.value() == "a");
    CHECK(tree.sync_folders());
    CHECK(tree.sync_all());
    CHECK(at.text == bytes);
}

}  // namespace netcopy::test
