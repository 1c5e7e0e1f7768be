#include "session/pending_names.hpp"

#include <catch2/catch.hpp>

using namespace netcopy;

namespace {

PendingNames::Time at(int seconds) { return PendingNames::Time(std::chrono::seconds(seconds)); }

}  // namespace

TEST_CASE("the name that is due first comes first, and none before its time") {
    TreeProgress progress;
    PendingNames names(progress);
    CHECK_FALSE(names.due());
    names.put("b", 1, at(20));
    names.put("c", 2, at(10));
    names.put("a", 3, at(20));
    CHECK(names.due() == std::optional(at(10)));
    CHECK_FALSE(names.take(at(9)));
    CHECK(names.take(at(20))->name == "c");
    CHECK(names.take(at(20))->name == "a");
    names.put("b", 1, at(30));
    CHECK_FALSE(names.take(at(20)));
    CHECK(names.take(at(30))->name == "b");
    CHECK(names.empty());
}

TEST_CASE("the progress counts what is to be done, and what was") {
    TreeProgress progress;
    PendingNames names(progress);
    names.put("a", 100, at(1));
    names.put("b", 10, at(2));
    names.put("b", 20, at(2));
    CHECK(progress.files_total == 2);
    CHECK(progress.total == 120);
    CHECK(progress.counting);
    const auto first = names.take(at(5));
    REQUIRE(first);
    names.finish(*first, 70);  // it had shrunk
    CHECK(progress.files == 1);
    CHECK(progress.total == 90);
    const auto second = names.take(at(5));
    REQUIRE(second);
    names.give_back(*second, 5);
    CHECK(progress.files_total == 1);
    CHECK(progress.total == 75);
    names.put("c", 7, at(1));
    names.drop("c");
    names.drop("c");
    CHECK(progress.total == 75);
    CHECK(progress.files_total == 1);
}
