#include "file/scattered_file.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "file/block_journal.hpp"
#include "file/commit_batch.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"
#include "test/unit/sample.hpp"

using namespace netcopy;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t block = 256 * 1024;
constexpr std::uint64_t size = 5 * block + 1000;

struct Place {
    test::TemporaryFolder folder;
    Tree tree = Tree::open(folder.path()).value();
    std::string content = test::sample(size);

    ScatteredFile create(std::string digest = "ab12") {
        IncomingPlan plan;
        plan.size = size;
        plan.keep_mtime = false;
        auto file = ScatteredFile::create(tree, "large", plan, digest);
        REQUIRE(file);
        return std::move(*file);
    }
    void write(ScatteredFile& file, std::uint64_t begin, std::uint64_t end) {
        const Bytes bytes = as_bytes(std::string_view(content)).subspan(begin, end - begin);
        const std::array pieces{bytes.first(bytes.size() / 2), bytes.subspan(bytes.size() / 2)};
        REQUIRE(file.write(begin, pieces));
    }
    void settle(ScatteredFile& file, std::size_t which) {
        const std::uint64_t begin = which * block;
        write(file, begin, std::min(begin + block, size));
        REQUIRE(file.settle(which, {}));
    }
    static std::vector<std::size_t> kept(ScatteredFile& file) {
        std::vector<std::size_t> found;
        for (bool done = false; !done;) {
            const auto checked = file.check_some([&](std::size_t each) { found.push_back(each); });
            REQUIRE(checked);
            done = *checked;
        }
        return found;
    }
    std::string read(const std::string& name) const {
        std::ifstream in(folder.path() / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& each : fs::directory_iterator(folder.path())) {
            found.push_back(each.path().filename().string());
        }
        std::sort(found.begin(), found.end());
        return found;
    }
};

using Blocks = std::vector<std::size_t>;

}  // namespace

TEST_CASE("ScatteredFile: bytes come in any order, and the file is whole under its name") {
    Place place;
    ScatteredFile file = place.create();
    CHECK(file.blocks() == 6);
    CHECK(Place::kept(file).empty());
    for (const std::size_t each : {5U, 0U, 3U, 1U, 4U, 2U}) place.settle(file, each);
    auto finished = std::move(file).finish();
    REQUIRE(finished);
    CommitBatch batch;
    batch.add(0, std::move(*finished));
    REQUIRE(batch.commit().front().name);
    CHECK(place.read("large") == place.content);
    CHECK(place.names() == std::vector<std::string>{"large"});
}

TEST_CASE("ScatteredFile: settle() shows the block's bytes once") {
    Place place;
    ScatteredFile file = place.create();
    place.write(file, block, 2 * block);
    std::string shown;
    REQUIRE(file.settle(1, [&](Bytes bytes) { shown += as_text(bytes); }));
    CHECK(shown == place.content.substr(block, block));
}

TEST_CASE("ScatteredFile: another attempt goes on with the blocks that were settled") {
    Place place;
    {
        ScatteredFile file = place.create();
        for (const std::size_t each : {4U, 1U, 5U}) place.settle(file, each);
        place.write(file, 0, 1000);  // not whole
    }
    ScatteredFile file = place.create();
    CHECK(Place::kept(file) == Blocks{1, 4, 5});
    for (const std::size_t each : {0U, 2U, 3U}) place.settle(file, each);
    std::string all(size, '\0');
    REQUIRE(file.read_at(0, std::as_writable_bytes(std::span(all))));
    CHECK(all == place.content);
}

TEST_CASE("ScatteredFile: a block that is not what the journal says is forgotten for good") {
    Place place;
    {
        ScatteredFile file = place.create();
        for (const std::size_t each : {0U, 1U, 2U}) place.settle(file, each);
    }
    for (const std::string& name : place.names()) {
        if (name.ends_with(".journal")) continue;
        std::fstream out(place.folder.path() / name,
                         std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(static_cast<std::streamoff>(block + 7));
        out << "damage";
    }
    {
        ScatteredFile file = place.create();
        CHECK(Place::kept(file) == Blocks{0, 2});
    }
    ScatteredFile file = place.create();
    CHECK(Place::kept(file) == Blocks{0, 2});
}

TEST_CASE("ScatteredFile: what another content has left is not gone on with") {
    Place place;
    {
        ScatteredFile file = place.create("ab12");
        place.settle(file, 0);
    }
    ScatteredFile file = place.create("cd34");
    CHECK(Place::kept(file).empty());
}

TEST_CASE("ScatteredFile: a journal that is cut or garbage is a shorter one or none") {
    Place place;
    {
        ScatteredFile file = place.create();
        for (const std::size_t each : {0U, 1U}) place.settle(file, each);
    }
    std::string journal;
    for (const std::string& name : place.names()) {
        if (name.ends_with(".journal")) journal = name;
    }
    REQUIRE(!journal.empty());
    const fs::path path = place.folder.path() / journal;
    SECTION("cut in the last record") {
        fs::resize_file(path, fs::file_size(path) - 3);
        ScatteredFile file = place.create();
        CHECK(Place::kept(file) == Blocks{0});
    }
    SECTION("garbage behind") {
        std::ofstream(path, std::ios::app | std::ios::binary) << test::sample(1000);
        ScatteredFile file = place.create();
        CHECK(Place::kept(file) == Blocks{0, 1});
    }
    SECTION("garbage in front") {
        std::ofstream(path, std::ios::trunc | std::ios::binary) << test::sample(1000);
        ScatteredFile file = place.create();
        CHECK(Place::kept(file).empty());
    }
}

TEST_CASE("ScatteredFile: a second one of that name is busy") {
    Place place;
    ScatteredFile file = place.create();
    IncomingPlan plan;
    plan.size = size;
    const auto other = ScatteredFile::create(place.tree, "large", plan, "ab12");
    REQUIRE(!other);
    CHECK(is_busy(other.error()));
}

TEST_CASE("ScatteredFile: blocks are at least 256 KiB and at most 65,536 to a file") {
    CHECK(journal_block_size(0) == block);
    CHECK(journal_block_size(65'536 * block) == block);
    CHECK(journal_block_size(65'536 * block + 1) == 2 * block);
    CHECK((std::uint64_t{16} << 40) / journal_block_size(std::uint64_t{16} << 40) <= 65'536);
}
