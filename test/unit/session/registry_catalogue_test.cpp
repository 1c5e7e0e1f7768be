#include "session/registry_catalogue.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "test/unit/results.hpp"

using namespace netcopy;
using Names = std::vector<std::string>;

namespace {

wire::CopyFile file(const std::string& name, char content = 'a', std::int64_t time = 1) {
    return {6, {time, 0}, name, std::string(32, content), std::string(64, content)};
}
CatalogueSource at(std::uint16_t port, bool seed = false) { return {{"10.0.0.7", port}, seed}; }

CatalogueQuestion everything() { return {.names = {}, .prefixes = {}, .all = true}; }

std::vector<CatalogueEntry> entries(const RegistryCatalogue& catalogue,
                                    const CatalogueQuestion& question = everything(),
                                    std::size_t most = 512) {
    RegistryCatalogue::Reader reader(catalogue, question);
    std::vector<CatalogueEntry> all;
    for (bool last = false; !last;) {
        auto page = reader.page(most);
        CHECK(page.entries.size() <= most);
        last = page.last;
        for (auto& entry : page.entries) all.push_back(std::move(entry));
    }
    return all;
}
Names names(const RegistryCatalogue& catalogue, const CatalogueQuestion& question = everything(),
            std::size_t most = 512) {
    Names all;
    for (const auto& entry : entries(catalogue, question, most)) all.push_back(entry.name);
    return all;
}
void leave(RegistryCatalogue& catalogue, RegistryCatalogue::Server server) {
    catalogue.leave(server);
    while (catalogue.sweep(server)) {
    }
}

}  // namespace

TEST_CASE("equal bytes under one name on two servers are one entry with two sources") {
    RegistryCatalogue catalogue;
    const auto one = catalogue.enter(at(1)).value();
    const auto two = catalogue.enter(at(2)).value();
    CHECK(catalogue.put(one, file("a", 'a', 5)));
    CHECK(catalogue.put(two, file("a", 'a', 9)));
    const auto listed = entries(catalogue);
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].name == "a");
    CHECK(listed[0].size == 6);
    CHECK(listed[0].sha256 == std::string(64, 'a'));
    CHECK(listed[0].md5 == std::string(32, 'a'));
    CHECK(listed[0].mtime == FileTime{9, 0});
    CHECK(listed[0].sources == std::vector{at(1), at(2)});
    leave(catalogue, two);
    CHECK(entries(catalogue)[0].mtime == FileTime{5, 0});
    CHECK(entries(catalogue)[0].sources == std::vector{at(1)});
}

TEST_CASE("other bytes under one name, and the same bytes under other names, are other entries") {
    RegistryCatalogue catalogue;
    const auto one = catalogue.enter(at(1)).value();
    const auto two = catalogue.enter(at(2)).value();
    catalogue.put(one, file("a", 'a'));
    catalogue.put(two, file("a", 'b'));
    catalogue.put(two, file("b", 'a'));
    CHECK(names(catalogue) == Names{"a", "a", "b"});
    CHECK(catalogue.counts().entries == 3);
}

TEST_CASE("a server that lies about a size does not spoil the entry of another one") {
    RegistryCatalogue catalogue;
    const auto one = catalogue.enter(at(1)).value();
    const auto two = catalogue.enter(at(2)).value();
    catalogue.put(one, file("a"));
    auto lie = file("a");
    lie.size = 7;
    catalogue.put(two, lie);
    const auto listed = entries(catalogue);
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].sources == std::vector{at(1)});
    CHECK(listed[1].sources == std::vector{at(2)});
}

TEST_CASE("a file that is put again replaces what its name had") {
    RegistryCatalogue catalogue;
    const auto one = catalogue.enter(at(1)).value();
    catalogue.put(one, file("a", 'a'));
    catalogue.put(one, file("b", 'b'));
    catalogue.put(one, file("a", 'c'));
    const auto listed = entries(catalogue);
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].sha256 == std::string(64, 'c'));
    CHECK(catalogue.files_of(one) == 2);
    catalogue.remove(one, "a");
    catalogue.remove(one, "nothing");
    CHECK(names(catalogue) == Names{"b"});
    CHECK(catalogue.counts().files == 1);
}

TEST_CASE("the files of two seeds' servers are entries of their own, known by name") {
    RegistryCatalogue catalogue;
    const auto one = catalogue.enter(at(1, true)).value();
    const auto two = catalogue.enter(at(2, true)).value();
    CHECK(catalogue.put_name(one, "a"));
    CHECK(catalogue.put_name(one, "a"));
    CHECK(catalogue.put_name(two, "a"));
    const auto listed = entries(catalogue);
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].sources == std::vector{at(1, true)});
    CHECK(listed[1].sources == std::vector{at(2, true)});
    CHECK_FALSE(listed[0].size);
    CHECK_FALSE(listed[0].mtime);
    CHECK(listed[0].sha256.empty());
}

TEST_CASE("a server that has left is in no page though its files are still to be swept") {
    RegistryCatalogue catalogue;
    const auto one = catalogue.enter(at(1)).value();
    const auto two = catalogue.enter(at(2)).value();
    for (int i = 0; i < 10'000; ++i) catalogue.put(one, file(std::to_string(i)));
    catalogue.put(two, file("last"));
    catalogue.leave(one);
    CHECK(names(catalogue) == Names{"last"});
    CHECK(catalogue.counts().servers == 1);
    CHECK(catalogue.sweep(one));
    while (catalogue.sweep(one)) {
    }
    CHECK(catalogue.counts().files == 1);
    CHECK(catalogue.counts().entries == 1);
}

TEST_CASE("one address that is registered twice is one source") {
    RegistryCatalogue catalogue;
    const auto before = catalogue.enter(at(1)).value();
    catalogue.put(before, file("a"));
    const auto after = catalogue.enter(at(1)).value();
    catalogue.put(after, file("a"));
    CHECK(entries(catalogue)[0].sources == std::vector{at(1)});
    leave(catalogue, before);
    CHECK(entries(catalogue)[0].sources == std::vector{at(1)});
}

TEST_CASE("the limits on servers and files hold, and what leaves makes room") {
    RegistryCatalogue catalogue({.servers = 2, .server_files = 3, .files = 4});
    const auto one = catalogue.enter(at(1)).value();
    const auto two = catalogue.enter(at(2)).value();
    CHECK_FALSE(catalogue.enter(at(3)));
    for (const char* name : {"a", "b", "c"}) CHECK(catalogue.put(one, file(name)));
    CHECK_FALSE(catalogue.put(one, file("d")));
    CHECK(catalogue.put(one, file("c", 'z')));
    CHECK(catalogue.put(two, file("a")));
    CHECK_FALSE(catalogue.put(two, file("b")));
    CHECK_FALSE(catalogue.put_name(two, "x"));
    leave(catalogue, one);
    CHECK(catalogue.put(two, file("b")));
    CHECK(catalogue.enter(at(3)));
    CHECK(names(catalogue) == Names{"a", "b"});
}

TEST_CASE("names and beginnings of names are found each once, in their order") {
    RegistryCatalogue catalogue;
    const auto one = catalogue.enter(at(1)).value();
    for (const char* name : {"b", "ab", "abc", "a", "abd", "ac", "\xff", "\xff\xff"}) {
        catalogue.put(one, file(name));
    }
    const auto ask = [&](Names whole, Names begin) {
        return names(catalogue, {.names = std::move(whole), .prefixes = std::move(begin)});
    };
    CHECK(ask({}, {}).empty());
    CHECK(ask({"abc"}, {}) == Names{"abc"});
    CHECK(ask({"b", "a", "x", "a"}, {}) == Names{"a", "b"});
    CHECK(ask({}, {"ab"}) == Names{"ab", "abc", "abd"});
    CHECK(ask({"abc", "b"}, {"ab", "abd"}) == Names{"ab", "abc", "abd", "b"});
    CHECK(ask({}, {"\xff"}) == Names{"\xff", "\xff\xff"});
    CHECK(ask({"b"}, {""}).size() == 8);
    CHECK(names(catalogue, everything(), 1).size() == 8);
}

TEST_CASE("a catalogue agrees with a plain map whatever comes and goes") {
    std::minstd_rand random(2026);
    RegistryCatalogue catalogue;
    std::map<RegistryCatalogue::Server, std::map<std::string, char>> model;
    std::uint16_t port = 0;
    for (int step = 0; step < 20'000; ++step) {
        const auto action = random() % 100;
        if (model.empty() || (action < 2 && model.size() < 6)) {
            model[catalogue.enter(at(++port)).value()];
            continue;
        }
        auto chosen = model.begin();
        std::advance(chosen, static_cast<std::ptrdiff_t>(random() % model.size()));
        auto& [server, files] = *chosen;
        const std::string name(1 + random() % 3, static_cast<char>('a' + random() % 4));
        if (action < 3) {
            leave(catalogue, server);
            model.erase(chosen);
        } else if (action < 70) {
            const char content = static_cast<char>('0' + random() % 3);
            CHECK(catalogue.put(server, file(name, content)));
            files[name] = content;
        } else {
            catalogue.remove(server, name);
            files.erase(name);
        }
        if (step % 50 != 0) continue;
        std::map<std::pair<std::string, std::string>, std::size_t> expected, found;
        for (const auto& [id, theirs] : model) {
            for (const auto& [each, content] : theirs) ++expected[{each, std::string(64, content)}];
        }
        for (const auto& entry : entries(catalogue, everything(), 1 + random() % 5)) {
            CHECK(found.emplace(std::pair(entry.name, entry.sha256), entry.sources.size()).second);
        }
        REQUIRE(found == expected);
    }
}

TEST_CASE("the part of a pattern that stands for itself is found") {
    CHECK(literal_prefix("abc") == "abc");
    CHECK(literal_prefix("a*c") == "a");
    CHECK(literal_prefix("*") == "");
    CHECK(literal_prefix("ab?") == "ab");
    CHECK(literal_prefix("x[ab]") == "x");
    CHECK(literal_prefix("x\\*") == "x");
}
