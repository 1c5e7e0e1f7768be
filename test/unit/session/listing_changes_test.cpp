#include "session/listing_changes.hpp"

#include "test/unit/session/shared_folder_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

TEST_CASE("nothing is kept of a list's changes until somebody follows") {
    ListingChanges changes;
    changes.add("a");
    CHECK(changes.version() == 0);
    int calls = 0;
    changes.follow([&calls] { ++calls; });
    changes.add("b");
    changes.add("c");
    CHECK(calls == 2);
    CHECK(changes.version() == 2);
    CHECK(changes.since(0, 1).names == Names{"b"});
    CHECK(changes.since(1, 9).names == Names{"c"});
    CHECK(changes.since(2, 9).names.empty());
    CHECK(changes.since(0, 9).version == 2);
    changes.follow({});
    changes.add("d");
    CHECK(changes.since(0, 9).lost);
}

TEST_CASE("a follower that is too late is told that it has lost track") {
    ListingChanges changes;
    changes.follow([] {});
    for (std::size_t i = 0; i <= ListingChanges::most_kept; ++i) changes.add("a");
    const auto late = changes.since(0, 9);
    CHECK(late.lost);
    CHECK(late.names.empty());
    CHECK(late.version == changes.version());
    CHECK_FALSE(changes.since(1, 9).lost);
}

TEST_CASE("a shared folder tells which names change in its list") {
    SharedFixture of;
    write_old_file(of.folder / "stays", "stays");
    write_old_file(of.folder / "goes", "goes");
    of.start();
    of.rest();
    int calls = 0;
    of.shared->follow_changes([&calls] { ++calls; });
    const auto begin = of.shared->version();

    std::filesystem::remove(of.folder / "goes");
    of.await_gone("goes");
    write_old_file(of.folder / "in the making", "comes");
    std::filesystem::rename(of.folder / "in the making", of.folder / "comes");
    of.await("comes", "comes");
    of.rest();

    const auto since = of.shared->changes_since(begin, SIZE_MAX);
    CHECK_FALSE(since.lost);
    CHECK(std::ranges::count(since.names, "goes") >= 1);
    CHECK(std::ranges::count(since.names, "comes") >= 1);
    CHECK(std::ranges::count(since.names, "stays") == 0);
    CHECK(calls == static_cast<int>(of.shared->version() - begin));
    // Another time is another listing.
    age(of.folder / "stays", 1'600'000'000);
    of.loop.run_until(
        [&] { return of.shared->find("stays")->status.mtime.seconds == 1'600'000'000; });
    of.rest();
    const auto touched = of.shared->changes_since(since.version, SIZE_MAX);
    CHECK(std::ranges::count(touched.names, "stays") >= 1);
}
