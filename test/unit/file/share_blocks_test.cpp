#include "file/share_blocks.hpp"

#include "file/flat_folder.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"
#include "test/unit/sample.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

using State = BlockSharing::State;

/// Two files of a folder, and what came of sharing their blocks.
struct Pair {
    Pair(const std::string& first, const std::string& second) {
        write_file(at / "first", first);
        write_file(at / "second", second);
    }
    State share() {
        auto folder = FlatFolder::open(at.path());
        REQUIRE(folder);
        const auto before = folder->look("second");
        auto kept = folder->read("first");
        auto copy = folder->read("second");
        REQUIRE((kept && copy));
        BlockSharing sharing(kept->source, copy->source);
        auto state = sharing.share_some();
        while (state && *state == State::more) state = sharing.share_some();
        REQUIRE(state);
        shared = sharing.shared();
        CHECK(before->same_content(*folder->look("second")));
        return *state;
    }

    TemporaryFolder at;
    std::uint64_t shared = 0;
};

}  // namespace

TEST_CASE("equal files share their blocks, or the file system is said to be unable") {
    const std::string content = sample((33 << 20) + 5);
    Pair of(content, content);
    const State state = of.share();
    if (state == State::impossible) {
        CHECK(of.shared == 0);
    } else {
        CHECK(state == State::done);
        CHECK(of.shared >= content.size() - 4096);
    }
    CHECK(read_file(of.at / "first") == content);
    CHECK(read_file(of.at / "second") == content);
}

TEST_CASE("files that are not equal stay as they are") {
    const std::string content = sample(1 << 20);
    std::string other = content;
    other[700'000] ^= 1;
    Pair of(content, other);
    const State state = of.share();
    CHECK((state == State::different || state == State::impossible));
    CHECK(read_file(of.at / "first") == content);
    CHECK(read_file(of.at / "second") == other);
}

TEST_CASE("of empty files nothing is shared") {
    Pair of("", "");
    CHECK(of.share() == State::done);
    CHECK(of.shared == 0);
}
