#include "session/shared_files.hpp"

#include <catch2/catch.hpp>

using namespace netcopy;

namespace {

/// A file whose content is told by a letter, and its SHA-256 by another one if it is to collide.
KnownFile known(std::uint64_t inode, char md5, char sha256 = 0) {
    KnownFile file;
    file.file.inode = inode;
    file.file.status.size = 1;
    file.digests.md5.fill(md5);
    file.digests.sha256.fill(sha256 == 0 ? md5 : sha256);
    return file;
}

std::string id(char md5) { return std::string(32, md5); }

std::string names(const SharedFiles& files) {
    std::string all;
    for (const auto& [name, file] : files.listed()) all += name;
    return all;
}

using Inodes = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("files are found by name, by id and by content") {
    SharedFiles files;
    CHECK_FALSE(files.put("b", known(1, '1')));
    CHECK_FALSE(files.put("a", known(2, '1')));
    CHECK_FALSE(files.put("c", known(3, '2')));
    CHECK(names(files) == "abc");
    CHECK(files.find("c")->file.inode == 3);
    CHECK(files.find("d") == nullptr);
    CHECK(files.find_id(id('1'))->first == "a");
    CHECK(files.find_id(id('3')) == nullptr);
    CHECK(files.first_id("1")->first == "a");
    CHECK(files.first_id_behind("1")->first == "c");
    CHECK(files.first_id_behind("2") == nullptr);
    CHECK(files.find_content(known(3, '9').file)->digests == known(0, '2').digests);
    CHECK(files.find_content(known(4, '2').file) == nullptr);
    FlatFile grown = known(3, '2').file;
    grown.status.size = 2;
    CHECK(files.find_content(grown) == nullptr);
}

TEST_CASE("a twin has the same bytes in another inode") {
    SharedFiles files;
    files.put("a", known(1, '1'));
    CHECK(files.twin("a") == nullptr);
    files.put("b", known(1, '1'));  // a second name
    CHECK(files.twin("a") == nullptr);
    files.put("c", known(2, '1'));
    CHECK(files.twin("a")->first == "c");
    CHECK(files.twin("c")->first == "a");
    CHECK(files.twin("d") == nullptr);
}

TEST_CASE("what collides is left out until what it collides with goes") {
    SharedFiles files;
    files.put("z", known(1, '1'));
    CHECK(files.put("a", known(2, '1', '2')) == std::optional<std::string>("z"));
    CHECK(files.put("b", known(3, '1', '3')) == std::optional<std::string>("z"));
    CHECK(names(files) == "z");
    CHECK(files.find("a") != nullptr);
    CHECK(files.collision(id('1'), std::string(64, '2'))->first == "z");
    CHECK(files.collision(id('1'), std::string(64, '1')) == nullptr);
    CHECK(files.collision(id('2'), std::string(64, '1')) == nullptr);
    files.remove("z");
    CHECK(names(files) == "a");  // and "b" collides with it
    files.put("a", known(4, '5'));
    CHECK(names(files) == "ab");
    files.put("a", known(5, '1'));
    CHECK(names(files) == "b");
    files.remove("a");
    files.remove("b");
    CHECK(names(files).empty());
    CHECK(files.find("a") == nullptr);
}

TEST_CASE("what departs can arrive elsewhere, what is removed is forgotten") {
    SharedFiles files;
    files.put("a", known(1, '1'));
    files.put("b", known(2, '2'));
    files.depart("a");
    CHECK(names(files) == "b");
    CHECK(files.find_content(known(1, '1').file) != nullptr);
    CHECK(files.take_forgotten().empty());
    files.put("c", known(1, '1'));
    files.remove("b");
    CHECK(files.find_content(known(2, '2').file) == nullptr);
    CHECK(files.take_forgotten() == Inodes{2});
    CHECK(files.take_forgotten().empty());
    files.put("d", known(1, '1'));
    files.remove("c");
    CHECK(files.take_forgotten().empty());  // "d" is the same file
    files.remove("d");
    CHECK(files.take_forgotten() == Inodes{1});
}

TEST_CASE("of what departed the oldest is forgotten when there is too much") {
    SharedFiles files;
    for (std::uint64_t i = 1; i <= SharedFiles::most_departed + 2; ++i) {
        files.put("a", known(i, '1'));
        files.depart("a");
    }
    CHECK(files.take_forgotten() == Inodes{1, 2});
    CHECK(files.find_content(known(2, '1').file) == nullptr);
    CHECK(files.find_content(known(3, '1').file) != nullptr);
}

TEST_CASE("two names may exchange what they have") {
    SharedFiles files;
    files.put("a", known(1, '1'));
    files.put("b", known(2, '2'));
    const KnownFile first = *files.find("a");
    files.put("a", *files.find_content(known(2, '2').file));
    REQUIRE(files.find_content(first.file) != nullptr);
    files.put("b", *files.find_content(first.file));
    CHECK(files.find("a")->digests == known(0, '2').digests);
    CHECK(files.find("b")->digests == known(0, '1').digests);
    CHECK(files.find_id(id('1'))->first == "b");
    CHECK(files.take_forgotten().empty());
}
