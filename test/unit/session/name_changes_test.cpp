#include "session/name_changes.hpp"

#include <catch2/catch.hpp>

using namespace netcopy;

namespace {

const NameChange made{.made = true};
const NameChange written{.written = true};
const NameChange closed{.closed = true};
const NameChange removed{.removed = true};

void rename(NameChanges& changes, std::string_view from, std::string_view to, std::uint32_t move) {
    changes.add(from, {.departed = true, .move = move});
    changes.add(to, {.arrived = true, .move = move});
}

}  // namespace

TEST_CASE("what happens to one name comes together") {
    NameChanges changes;
    CHECK(changes.empty());
    changes.add("a", made);
    changes.add("a", written);
    changes.add("a", closed);
    changes.add_look("b");
    const auto seen = changes.take().names;
    CHECK(changes.empty());
    REQUIRE(seen.size() == 2);
    const auto& a = seen.at("a");
    CHECK((a.change.made && a.change.written && a.change.closed && a.stale));
    const auto& b = seen.at("b");
    CHECK((b.change.touched && !b.change.written && !b.stale));
}

TEST_CASE("that a file was written to follows it to its next names") {
    NameChanges changes;
    changes.add("a", written);
    rename(changes, "a", "b", 1);
    rename(changes, "b", "c", 2);
    const auto seen = changes.take().names;
    CHECK(seen.at("c").change.written);
    CHECK(seen.at("a").stale);
    CHECK_FALSE(seen.at("a").change.written);
    CHECK_FALSE(seen.at("b").change.written);
}

TEST_CASE("what is written under a later name makes stale what the first name had") {
    NameChanges changes;
    rename(changes, "a", "b", 1);
    rename(changes, "b", "c", 2);
    changes.add("c", written);
    changes.add("c", removed);
    const auto seen = changes.take().names;
    CHECK(seen.at("a").stale);
    CHECK_FALSE(seen.at("b").stale);
    CHECK(seen.at("c").change.removed);
    CHECK_FALSE(seen.at("c").change.written);
}

TEST_CASE("a file that takes a name is not what was written under it before") {
    NameChanges changes;
    changes.add("a", written);
    rename(changes, "b", "a", 1);
    auto seen = changes.take().names;
    CHECK_FALSE(seen.at("a").change.written);
    CHECK(seen.at("a").stale);
    CHECK_FALSE(seen.at("b").stale);
    changes.add("a", written);
    changes.add("a", removed);
    changes.add("a", made);
    seen = changes.take().names;
    CHECK_FALSE(seen.at("a").change.written);
}

TEST_CASE("of two files that may have exchanged their names both count as written to") {
    for (const char* name : {"a", "b"}) {
        NameChanges changes;
        changes.add(name, written);
        rename(changes, "a", "b", 1);
        rename(changes, "b", "a", 2);
        auto seen = changes.take().names;
        CHECK(seen.at("a").change.written);
        CHECK(seen.at("b").change.written);
        CHECK(seen.at(name).stale);
    }
    NameChanges changes;
    rename(changes, "a", "b", 1);
    rename(changes, "b", "a", 2);
    changes.add("b", written);
    const auto seen = changes.take().names;
    CHECK(seen.at("a").stale);
    CHECK(seen.at("b").stale);
    CHECK(seen.at("b").change.written);
    CHECK_FALSE(seen.at("a").change.written);
}

TEST_CASE("an exchange is seen for what it may be behind another move of the two names") {
    NameChanges changes;
    rename(changes, "b", "a", 1);
    changes.add("a", written);
    changes.add("b", made);
    rename(changes, "a", "b", 2);
    rename(changes, "b", "a", 3);
    const auto seen = changes.take().names;
    CHECK(seen.at("b").change.written);
    CHECK(seen.at("b").stale);
}

TEST_CASE("a written file without a name is lost track of") {
    NameChanges changes;
    changes.add("a", written);
    rename(changes, "a", "b", 1);
    CHECK_FALSE(changes.take().lost_track);
    changes.add("a", written);
    changes.add("a", removed);
    CHECK(changes.take().lost_track);
    changes.add("a", written);
    rename(changes, "b", "a", 2);
    CHECK(changes.take().lost_track);
    changes.add("a", removed);
    CHECK_FALSE(changes.take().lost_track);
}

TEST_CASE("the arrival may be told after one has looked") {
    NameChanges changes;
    changes.add("a", written);
    changes.add("a", {.departed = true, .move = 7});
    changes.take();
    changes.add("b", {.arrived = true, .move = 7});
    CHECK(changes.take().names.at("b").change.written);
}

TEST_CASE("more names than are kept are said to be too many") {
    NameChanges changes;
    for (std::size_t i = 0; i < NameChanges::most; ++i) {
        if (!changes.add(std::to_string(i), made)) FAIL(i);
    }
    CHECK_FALSE(changes.add("another", made));
    CHECK(changes.add("0", written));
}
