#include "store/memory_store.hpp"

#include <catch2/catch.hpp>

#include <thread>

#include "test/unit/store/ttl_store_conformance.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

struct Fixture {
    explicit Fixture(std::size_t max_entries = 1'000'000)
        : store(max_entries, [this] { return clock.now(); }) {}

    void put(const std::string& key, std::string_view value, std::chrono::seconds validity) {
        REQUIRE(loop.run(store.put(key, value, validity)));
    }
    std::optional<std::string> get(const std::string& key) {
        return loop.run(store.get(key)).value();
    }
    void collect() {
        for (std::size_t part = 0; part < MemoryStore::parts; ++part) store.collect(part);
        store.give_back_memory();
    }

    Loop loop;
    ManualClock clock;
    MemoryStore store;
};

/// A coroutine that a store never suspends, run to its end on this thread.
template <class T>
T run_here(Task<T> task) {
    Loop loop;
    return loop.run(std::move(task));
}

}  // namespace

TEST_CASE("the memory store does what every store must") {
    check_ttl_store([](std::size_t max_entries, const ManualClock& clock) {
        return std::make_unique<MemoryStore>(max_entries, [&clock] { return clock.now(); });
    });
}

TEST_CASE("the size counts entries, not puts") {
    Fixture at;
    CHECK(at.store.size() == 0);
    at.put("a", "1", 60s);
    at.put("a", "2", 60s);
    at.put("b", "3", 60s);
    CHECK(at.store.size() == 2);
}

TEST_CASE("an expired entry that is asked for is freed") {
    Fixture at;
    at.put("a", "1", 60s);
    at.clock.advance(60s);
    CHECK_FALSE(at.get("a"));
    CHECK(at.store.size() == 0);
}

TEST_CASE("a collection frees what has expired and nothing else") {
    Fixture at;
    for (int i = 0; i < 5000; ++i) at.put("short" + std::to_string(i), "v", 10s);
    for (int i = 0; i < 500; ++i) at.put("long" + std::to_string(i), "v", 100s);
    at.collect();
    CHECK(at.store.size() == 5500);
    at.clock.advance(10s);
    CHECK(at.store.size() == 5500);
    at.collect();
    CHECK(at.store.size() == 500);
    for (int i = 0; i < 500; ++i)
        CHECK(at.get("long" + std::to_string(i)) == std::optional<std::string>("v"));
    at.collect();
    CHECK(at.store.size() == 500);
    at.clock.advance(90s);
    at.collect();
    CHECK(at.store.size() == 0);
}

TEST_CASE("a collection sees a validity that a second put made shorter or longer") {
    Fixture at;
    at.put("shorter", "v", 100s);
    at.put("shorter", "v", 10s);
    at.put("longer", "v", 10s);
    at.put("longer", "v", 100s);
    at.clock.advance(10s);
    at.collect();
    CHECK(at.store.size() == 1);
    CHECK(at.get("longer"));
    at.clock.advance(90s);
    at.collect();
    CHECK(at.store.size() == 0);
}

TEST_CASE(
    "a part that is collected frees only what is in it, and all parts together are the store") {
    Fixture at;
    for (int i = 0; i < 3000; ++i) at.put(std::to_string(i), "v", 10s);
    at.clock.advance(10s);
    std::size_t before = at.store.size();
    for (std::size_t part = 0; part < MemoryStore::parts; ++part) {
        at.store.collect(part);
        CHECK(at.store.size() < before);  // with 3000 keys no part of 64 is empty but by a wonder
        before = at.store.size();
    }
    CHECK(at.store.size() == 0);
}

TEST_CASE("after a collection there is room again") {
    Fixture at(100);
    for (int i = 0; i < 100; ++i) at.put("old" + std::to_string(i), "v", 10s);
    at.clock.advance(10s);
    at.collect();
    for (int i = 0; i < 100; ++i) at.put("new" + std::to_string(i), "v", 10s);
    CHECK(at.loop.run(at.store.put("more", "v", 10s)).has_error());
}

TEST_CASE("without a clock of its own the store uses the machine's") {
    MemoryStore store(10);
    REQUIRE(run_here(store.put("a", "v", 60s)));
    REQUIRE(run_here(store.put("b", "v", 0s)));
    CHECK(run_here(store.get("a")).value());
    CHECK_FALSE(run_here(store.get("b")).value());
}

TEST_CASE("eight threads at once neither lose nor mix up entries") {
    constexpr int threads = 8;
    constexpr int rounds = 2000;
    MemoryStore store(1'000'000);
    std::atomic<int> wrong{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> all;
    for (int number = 0; number < threads; ++number) {
        all.emplace_back([&, number] {
            while (!go) std::this_thread::yield();
            Loop loop;
            for (int i = 0; i < rounds; ++i) {
                const std::string own = std::to_string(number) + "/" + std::to_string(i);
                if (!loop.run(store.put(own, own, 60s))) ++wrong;
                if (loop.run(store.get(own)).value() != own) ++wrong;
                // One key that all of them write: some thread's value, whole.
                if (!loop.run(store.put("shared", std::string(100, static_cast<char>('a' + number)),
                                        60s)))
                    ++wrong;
                const auto shared = loop.run(store.get("shared")).value();
                if (!shared || shared->size() != 100 ||
                    *shared != std::string(100, shared->front()))
                    ++wrong;
                store.collect(static_cast<std::size_t>(i) % MemoryStore::parts);
                if (i % 500 == 0) store.give_back_memory();
            }
        });
    }
    go = true;
    for (std::thread& each : all) each.join();
    CHECK(wrong == 0);
    CHECK(store.size() == threads * rounds + 1);
}

TEST_CASE("eight threads at once pass the limit by no more than their number") {
    constexpr std::size_t threads = 8;
    constexpr std::size_t most = 1000;
    MemoryStore store(most);
    std::vector<std::thread> all;
    for (std::size_t number = 0; number < threads; ++number) {
        all.emplace_back([&, number] {
            Loop loop;
            for (std::size_t i = 0; i < most; ++i) {
                const std::string key = std::to_string(number) + "/" + std::to_string(i);
                // Refusals are what is provoked here.
                static_cast<void>(loop.run(store.put(key, "v", 60s)));
            }
        });
    }
    for (std::thread& each : all) each.join();
    CHECK(store.size() >= most);
    CHECK(store.size() <= most + threads);
}
