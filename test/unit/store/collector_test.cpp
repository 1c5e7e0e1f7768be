#include "store/collector.hpp"

#include <catch2/catch.hpp>

#include "test/unit/results.hpp"
#include "test/unit/store/ttl_store_conformance.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

struct Fixture {
    Loop loop;
    ManualClock clock;
    std::shared_ptr<MemoryStore> store =
        std::make_shared<MemoryStore>(10'000, [this] { return clock.now(); });

    void put(int count, std::chrono::seconds validity) {
        for (int i = 0; i < count; ++i) {
            const std::string key = std::to_string(validity.count()) + "/" + std::to_string(i);
            REQUIRE(loop.run(store->put(key, "v", validity)));
        }
    }
};

}  // namespace

TEST_CASE("what has expired is freed without anyone asking for it") {
    Fixture of;
    of.put(3000, 10s);
    of.put(100, 20s);
    std::optional<Collector> collector(std::in_place, of.loop.executor(), of.store);
    of.clock.advance(10s);
    of.loop.run_until([&] { return of.store->size() == 100; });
    of.clock.advance(10s);  // it comes round again
    of.loop.run_until([&] { return of.store->size() == 0; });
    collector.reset();
    of.loop.poll();
    CHECK(of.store.use_count() == 1);  // its coroutine has ended too
}

TEST_CASE("a collector that is gone collects no more and lets the loop end") {
    Fixture of;
    std::optional<Collector> collector(std::in_place, of.loop.executor(), of.store);
    of.loop.poll();
    collector.reset();
    of.put(100, 10s);
    of.clock.advance(10s);
    of.loop.io.restart();
    of.loop.io.run_for(Loop::patience);
    CHECK(of.loop.io.stopped());
    CHECK(of.store->size() == 100);
}

TEST_CASE("a collector may go before its loop has run, or after it") {
    Fixture of;
    { const Collector never_ran(of.loop.executor(), of.store); }
    of.loop.poll();
    Fixture other;
    const Collector collector(other.loop.executor(), other.store);
    other.loop.poll();
}
