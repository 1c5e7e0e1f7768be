#include "app/fetch_words.hpp"

#include <catch2/catch.hpp>

using netcopy::CatalogueEntry;
using netcopy::app::FetchWords;

namespace {

CatalogueEntry entry(std::string name, std::string sha256 = "aa", std::int64_t seconds = 1) {
    CatalogueEntry made;
    made.name = std::move(name);
    made.sha256 = std::move(sha256);
    made.size = 5;
    made.mtime = netcopy::FileTime{seconds, 0};
    made.sources = {{{"10.0.0.1", 7}, false}};
    return made;
}

CatalogueEntry bare(std::string name) {
    CatalogueEntry made;
    made.name = std::move(name);
    made.sources = {{{"10.0.0.2", 7}, true}};
    return made;
}

std::vector<std::string> names(const FetchWords::Found& found) {
    std::vector<std::string> all;
    for (const CatalogueEntry& each : found.files) all.push_back(each.name);
    return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("FetchWords: names and patterns keep what matches, once, by name") {
    FetchWords words({"b", "*.txt", "a.txt"}, false);
    for (const char* const name : {"b", "a.txt", "c.txt", "other"}) words.see(entry(name));
    const auto found = words.end("master");
    CHECK(names(found) == Names{"a.txt", "b", "c.txt"});
    CHECK(found.unknown.empty());
}

TEST_CASE("FetchWords: the master is asked for names and the beginnings of patterns") {
    const FetchWords words({"name", "be*g"}, false);
    CHECK(words.question().names == Names{"name", "be*g"});
    CHECK(words.question().prefixes == Names{"be"});
    CHECK(!words.question().all);
    CHECK(FetchWords({}, true).question().all);
}

TEST_CASE("FetchWords: a word that stands for nothing is told with where to look") {
    FetchWords words({"nowhere", "b"}, false);
    words.see(entry("b"));
    const auto found = words.end("10.0.0.3");
    REQUIRE(found.unknown.size() == 1);
    CHECK(found.unknown[0].word == "nowhere");
    CHECK(found.unknown[0].error.context.find("netcopy list --master 10.0.0.3") !=
          std::string::npos);
}

TEST_CASE("FetchWords: of several files of a name the youngest that can be verified is taken") {
    FetchWords words({"a"}, false);
    words.see(bare("a"));
    words.see(entry("a", "old", 1));
    words.see(entry("a", "young", 9));
    const auto found = words.end("master");
    REQUIRE(found.files.size() == 1);
    CHECK(found.files[0].sha256 == "young");
    CHECK(found.doubtful == Names{"a"});
}

TEST_CASE("FetchWords: a bare one beside one that can be verified is no doubt") {
    FetchWords words({}, true);
    words.see(bare("a"));
    words.see(entry("a"));
    words.see(bare("b"));
    const auto found = words.end("master");
    REQUIRE(names(found) == Names{"a", "b"});
    CHECK(found.files[0].size);
    CHECK(found.doubtful.empty());
}
