#include "app/share_words.hpp"

#include <catch2/catch.hpp>

#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::app;

namespace {

const std::string id_a = "aaaaaa00000000000000000000000001";
const std::string id_b = "aaaaaa00000000000000000000000002";
const std::string id_c = "cccccc00000000000000000000000003";

ListedFile file(std::string name, std::string id) {
    ListedFile made;
    made.name = std::move(name);
    made.id = std::move(id);
    return made;
}

struct Answer {
    std::vector<std::string> names;
    std::vector<std::string> unknown;
    std::string first_error;
};

/// What the words stand for in a list of these files.
Answer ask(std::vector<std::string> words, const std::vector<ListedFile>& files, bool all = false) {
    ShareWords question(std::move(words), all);
    for (const ListedFile& each : files) question.see(each);
    auto found = question.end("server:9999");
    Answer answer;
    for (const ListedFile& each : found.files) answer.names.push_back(each.name);
    for (const auto& each : found.unknown) answer.unknown.push_back(each.word);
    if (!found.unknown.empty()) answer.first_error = found.unknown.front().error.context;
    return answer;
}

using Names = std::vector<std::string>;

const std::vector<ListedFile> usual = {file("a.txt", id_a), file("b.txt", id_b),
                                       file("c.bin", id_c), file("d.bin", id_c)};

}  // namespace

TEST_CASE("a whole id and the beginning of one, in either case, find a file") {
    CHECK(ask({id_a}, usual).names == Names{"a.txt"});
    CHECK(ask({"cccccc"}, usual).names == Names{"c.bin"});
    CHECK(ask({"CCCCCC00"}, usual).names == Names{"c.bin"});
    CHECK(ask({"ccccc"}, usual).unknown == Names{"ccccc"});
}

TEST_CASE("the beginning of several ids is ambiguous, that of several names of one id is not") {
    const Answer answer = ask({"aaaaaa", "cccccc"}, usual);
    CHECK(answer.names == Names{"c.bin"});
    CHECK(answer.unknown == Names{"aaaaaa"});
    CHECK_THAT(answer.first_error, Catch::Contains("ambiguous") && Catch::Contains("'a.txt'") &&
                                       Catch::Contains("'b.txt'"));
}

TEST_CASE("a name that begins another file's id is ambiguous, its own id's beginning is not") {
    CHECK(ask({"cccccc"}, {file("cccccc", id_a), file("x", id_c)}).unknown == Names{"cccccc"});
    CHECK(ask({"cccccc"}, {file("cccccc", id_c), file("x", id_c)}).names == Names{"cccccc"});
}

TEST_CASE("a whole id stands for its file, even if another one is called so") {
    CHECK(ask({id_c}, {file(id_c, id_a), file("x", id_c)}).names == Names{"x"});
    CHECK(ask({id_c}, {file(id_c, id_a)}).names == Names{id_c});
}

TEST_CASE("a pattern finds all that match, unless a file is called like it") {
    CHECK(ask({"*.txt"}, usual).names == Names{"a.txt", "b.txt"});
    CHECK(ask({"[ac].*"}, usual).names == Names{"a.txt", "c.bin"});
    CHECK(ask({"*"}, {file(".hidden", id_a)}).names == Names{".hidden"});
    CHECK(ask({"[x]"}, {file("[x]", id_a), file("x", id_b)}).names == Names{"[x]"});
}

TEST_CASE("each file comes once and in the order of the list, whatever the words' order") {
    CHECK(ask({"d.bin", "*.bin", id_c, "a.txt"}, usual).names == Names{"a.txt", "c.bin", "d.bin"});
    CHECK(ask({}, usual, true).names == Names{"a.txt", "b.txt", "c.bin", "d.bin"});
}

TEST_CASE("a word that stands for nothing is told with the way to find out") {
    const Answer answer = ask({"nowhere", "a.txt"}, usual);
    CHECK(answer.names == Names{"a.txt"});
    CHECK_THAT(answer.first_error,
               Catch::Contains("'nowhere'") && Catch::Contains("'netcopy list server:9999'"));
}
