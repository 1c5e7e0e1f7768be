#include "wire/registry.hpp"

#include "test/unit/wire/copy_lines.hpp"

// What file servers, masters and clients of netcopy say of a catalogue (docs/protocol/registry.md).

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using std::string;

namespace {

const string sha = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
const string md5 = "b1946ac92492d2347c6235b4d2611184";
const string digests = " md5=" + md5 + " sha256=" + sha;

LineTable<RegistryNews> news() {
    return sealed_lines<RegistryNews>({
        {"SERVER 4433\n", RegistryServer{4433, ""}},
        {"SERVER 1 files.example.org\n", RegistryServer{1, "files.example.org"}},
        {"SERVER 65535 fe80::1%eth0\n", RegistryServer{65535, "fe80::1%eth0"}},
        {"FILE 6 1700000000.000000001 a\\x20b" + digests + "\n",
         CopyFile{6, {1700000000, 1}, "a b", md5, sha}},
        {"GONE a\\x0ab\n", RegistryGone{"a\nb"}},
        {"WHOLE\n", RegistryWhole{}},
        {"ANEW\n", RegistryAnew{}},
        {"BEAT\n", RegistryBeat{}},
    });
}

LineTable<RegistryAnswer> answers() {
    return sealed_lines<RegistryAnswer>({
        {"BEAT\n", RegistryBeat{}},
        {"NO full as\\x20many\n", RegistryNo{"full", "as many"}},
    });
}

LineTable<CatalogueAsked> asked() {
    return sealed_lines<CatalogueAsked>({
        {"FIND a\\x20b\n", CatalogueFind{"a b"}},
        {"BEGIN *\n", CatalogueBegin{"*"}},
        {"ALL\n", CatalogueAll{}},
        {"LAST\n", CatalogueLast{}},
    });
}

LineTable<CatalogueLine> lines() {
    return sealed_lines<CatalogueLine>({
        {"FILE 0 -1.500000000 a" + digests + "\n", CopyFile{0, {-2, 500000000}, "a", md5, sha}},
        {"NAME b\n", CatalogueName{"b"}},
        {"FROM 9000 10.0.0.7\n", CatalogueFrom{9000, "10.0.0.7"}},
        {"END 2\n", CopyListed{2}},
        {"NO question too\\x20long\n", RegistryNo{"question", "too long"}},
    });
}

template <class Message>
void check_grammar(const LineTable<Message>& table) {
    check_lines(table);
    check_beginnings(table);
    check_rests(table);
    check_every_cut(table);
}

}  // namespace

TEST_CASE("every line of a registration is read and written as it is, however it is cut") {
    check_grammar(news());
    check_grammar(answers());
}

TEST_CASE("every line of a catalogue is read and written as it is, however it is cut") {
    check_grammar(asked());
    check_grammar(lines());
}

TEST_CASE("lines that a file server does not say are refused") {
    for (const string& line : {
             string("SERVER"),
             string("SERVER 0"),
             string("SERVER 65536"),
             string("SERVER -1"),
             string("SERVER 80 h x"),
             "SERVER 80 " + string(256, 'h'),
             string("SERVER 80 h\\x0ax"),
             string("SERVER 80 \xc3\xa4"),
             string("SERVER 80 [::1]"),
             string("FILE 6 0.000000000 a md5=") + md5,
             "FILE 6 0.000000000 " + string(256, 'a') + digests,
             "FILE - 0.000000000 a" + digests,
             string("GONE"),
             "GONE " + string(256, 'a'),
             string("GONE a b"),
             string("WHOLE x"),
             string("NAME a"),
             string("END 0"),
             string(),
         }) {
        check_refused<RegistryNews>(line + "\n");
    }
}

TEST_CASE("lines that a master or a client does not say are refused") {
    for (const string& line : {string("BEAT 1"), string("NO"), string("NO full"), string("OK")}) {
        check_refused<RegistryAnswer>(line + "\n");
    }
    for (const string& line : {string("FIND"), string("FIND a b"), string("BEGIN"), string("ALL a"),
                               "FIND " + string(256, 'a'), string("CL")}) {
        check_refused<CatalogueAsked>(line + "\n");
    }
    for (const string& line :
         {string("FROM 80"), string("FROM 0 h"), string("FROM 80 h x"), string("NAME"),
          "FROM 80 " + string(256, 'h'), string("END"), string("GONE a")}) {
        check_refused<CatalogueLine>(line + "\n");
    }
}

TEST_CASE("a line of a registration with a flipped bit is refused") {
    for (const auto& [line, message] : news()) {
        for (std::size_t at = 0; at + 1 < line.size(); ++at) {
            string flipped = line;
            flipped[at] = static_cast<char>(flipped[at] ^ 4);
            if (flipped[at] != '\n') CHECK(is_refused<RegistryNews>(flipped));
        }
    }
}

TEST_CASE("a line of a registration that has no end is refused at its limit") {
    CHECK(needs_more<RegistryNews>("FILE " + string(copy_line_limit - 6, '1')));
    CHECK(is_refused<RegistryNews>("FILE " + string(copy_line_limit - 5, '1')));
    CHECK(is_refused<CatalogueLine>("FROM " + string(copy_line_limit - 5, '1')));
}
