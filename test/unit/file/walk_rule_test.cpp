#include <catch2/catch.hpp>

#include "file/walk_rule.hpp"

using namespace netcopy;

namespace {

bool matches(const char* pattern, const std::string& below, bool folder = false) {
    const std::string last = below.substr(below.rfind('/') + 1);
    return WalkPattern({true, pattern}).matches(below, last.c_str(), folder);
}

}  // namespace

TEST_CASE("a pattern without a slash is held against the last component") {
    CHECK(matches("*.o", "a.o"));
    CHECK(matches("*.o", "deep/down/a.o"));
    CHECK_FALSE(matches("*.o", "a.o/b"));
    CHECK_FALSE(matches("a", "deep/aa"));
    CHECK(matches("?", "x"));
    CHECK(matches("[a-c]", "deep/b"));
    CHECK(matches("*", ".hidden"));
    CHECK(matches("\\*", "*"));
    CHECK_FALSE(matches("\\*", "a"));
    CHECK(matches("*", "line\nend"));
}

TEST_CASE("a pattern with a slash is held against the whole path below the operand") {
    CHECK(matches("a/b", "a/b"));
    CHECK_FALSE(matches("a/b", "x/a/b"));
    CHECK_FALSE(matches("a/b", "a/b/c"));
    CHECK(matches("a/*", "a/b"));
    CHECK_FALSE(matches("a/*", "a/b/c"));
    CHECK(matches("*/b", "a/b"));
    CHECK_FALSE(matches("*/b", "b"));
}

TEST_CASE("a slash in front holds a pattern to the top") {
    CHECK(matches("/a", "a"));
    CHECK_FALSE(matches("/a", "x/a"));
    CHECK(matches("/a/b", "a/b"));
}

TEST_CASE("two stars match slashes too, and at the beginning of a path also nothing") {
    CHECK(matches("a/**", "a/b/c"));
    CHECK(matches("a/**", "a/b"));
    CHECK_FALSE(matches("a/**", "b/a/c"));
    CHECK(matches("**/c", "a/b/c"));
    CHECK(matches("**/c", "c"));
    CHECK_FALSE(matches("**/c", "xc"));
    CHECK(matches("a/**/c", "a/c"));
    CHECK(matches("a/**/c", "a/x/y/c"));
    CHECK_FALSE(matches("a/**/c", "ac"));
    CHECK(matches("a/**b/**/d", "a/x/yb/c/d"));
    CHECK_FALSE(matches("a/**b/**/d", "a/x/y/c/d"));
    CHECK(matches("/**", "a/b"));
}

TEST_CASE("a pattern with a slash at its end is for folders only") {
    CHECK(matches("a/", "x/a", true));
    CHECK_FALSE(matches("a/", "x/a", false));
    CHECK(matches("a/b/", "a/b", true));
    CHECK_FALSE(matches("a/b/", "a/b", false));
}

TEST_CASE("an operand has a last component, but no path below itself") {
    CHECK(WalkPattern({true, "*.o"}).matches("", "a.o", false));
    CHECK_FALSE(WalkPattern({true, "/*"}).matches("", "a.o", false));
}
