#include <catch2/catch.hpp>

#include "file/safe_name.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace std::literals;

namespace {

void check_refused(std::string_view path) {
    const auto safe = safe_path(path);
    INFO("'" << path << "'");
    REQUIRE(safe.has_error());
    CHECK(safe.error() == Errc::refused);
    for (const char c : safe.error().context) CHECK((c >= ' ' && c < '\x7f'));
}

}  // namespace

TEST_CASE("a plain component is a safe name, of any bytes but slash and NUL") {
    std::string every;
    for (int byte = 1; byte < 256; ++byte) {
        if (byte != '/') every += static_cast<char>(byte);
    }
    for (const std::string_view name :
         {"a"sv, "..."sv, "..a"sv, ".hidden"sv, "-"sv, " "sv, "~"sv, "*"sv, "\n"sv, "\\"sv,
          "\xff\xfe"sv, std::string_view(every)}) {
        INFO("'" << name << "'");
        CHECK(safe_name(name));
        CHECK(safe_path(name));
    }
}

TEST_CASE("what is no component is refused, and a path that has one such") {
    for (const std::string_view name : {""sv, "."sv, ".."sv, "a\0b"sv, "\0"sv}) {
        INFO("'" << name << "'");
        const auto safe = safe_name(name);
        REQUIRE(safe.has_error());
        CHECK(safe.error() == Errc::refused);
        check_refused(name);
        check_refused("a/" + std::string(name));
        check_refused(std::string(name) + "/a");
        check_refused("a/" + std::string(name) + "/a");
    }
    CHECK(safe_name("a/b").has_error());
    CHECK(safe_name("/").has_error());
}

TEST_CASE("absolute paths, doubled slashes and slashes at the end are refused") {
    for (const std::string_view path :
         {"/a"sv, "a/"sv, "a//b"sv, "/"sv, "//"sv, "../a"sv, "a/../../b"sv, "./a"sv}) {
        check_refused(path);
    }
    CHECK(safe_path("a/b/c"));
}

TEST_CASE("a component has 255 bytes at most, a path 4096") {
    CHECK(safe_name(std::string(255, 'n')));
    CHECK(safe_name(std::string(256, 'n')).has_error());
    check_refused(std::string("a/").append(256, 'n'));

    std::string path;
    while (path.size() < 4096) path += "0123456/";
    path.back() = '7';
    REQUIRE(path.size() == 4096);
    CHECK(safe_path(path));
    check_refused(path + "8");
    check_refused(std::string(10'000'000, 'n'));
}

TEST_CASE("names of netcopy's own temporary files are refused, and only those") {
    const std::string digits = "0123456789abcdef";
    for (const std::string& name :
         {".a.netcopy-" + digits, "..netcopy-" + digits, ".a.netcopy-" + digits + ".journal",
          ".a b.\n.netcopy-" + digits, ".a.netcopy-" + digits + ".netcopy-" + digits}) {
        INFO(name);
        CHECK(is_temporary_name(name));
        CHECK(safe_name(name).has_error());
        check_refused("a/" + name);
        check_refused(name + "/a");
    }
    for (const std::string& name :
         {"a.netcopy-" + digits, ".netcopy-" + digits, ".a.netcopy-" + digits.substr(1),
          ".a.netcopy-0" + digits, std::string(".a.netcopy-0123456789abcdeg"),
          std::string(".a.netcopy-0123456789ABCDEF"), ".a.netcopy-" + digits + ".journals",
          ".a.netcopy-" + digits + ".journal.journal", ".a.netcopy-" + digits + "x",
          ".a.netcopy" + digits, std::string(".journal"), std::string("."), std::string()}) {
        INFO(name);
        CHECK_FALSE(is_temporary_name(name));
    }
    CHECK(safe_name("a.netcopy-" + digits));
}

TEST_CASE("the name stands in the error, escaped and cut") {
    const auto safe = safe_path("a\x1b[2J/../" + std::string(5000, 'n'));
    REQUIRE(safe.has_error());
    CHECK(safe.error().context.find(R"(a\x1b[2J/../nn)") != std::string::npos);
    CHECK(safe.error().context.size() < 400);
}

TEST_CASE("a name that is taken gets a number before its extension") {
    CHECK(renamed("name", 2) == "name (2)");
    CHECK(renamed("name.ext", 2) == "name (2).ext");
    CHECK(renamed("name.tar.gz", 13) == "name.tar (13).gz");
    CHECK(renamed(".hidden", 2) == ".hidden (2)");
    CHECK(renamed(".hidden.txt", 2) == ".hidden (2).txt");
    CHECK(renamed("name.", 2) == "name (2).");
}

TEST_CASE("a numbered name is a safe one as well, however long or close to the limit") {
    for (const std::string& name :
         {std::string(255, 'n'), std::string(251, 'n').append(".ext"), "n." + std::string(253, 'e'),
          "." + std::string(254, 'h'), std::string(252, 'n'), std::string(250, 'n').append(".e"),
          ".netcopy-0123456789abcdef"s, "a." + std::string(248, 'e'), "a." + std::string(249, 'e'),
          "a." + std::string(250, 'e')}) {
        for (const unsigned number : {2U, 9999U}) {
            const std::string other = renamed(name, number);
            INFO(name << " -> " << other);
            CHECK(safe_name(other));
            CHECK(other != name);
            CHECK(other.find("(" + std::to_string(number) + ")") != std::string::npos);
        }
    }
    CHECK(renamed(std::string(251, 'n') + ".ext", 2) == std::string(247, 'n') + " (2).ext");
}
