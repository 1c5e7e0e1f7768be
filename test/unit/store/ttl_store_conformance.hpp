#pragma once

#include <catch2/catch.hpp>

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "store/ttl_store.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"

/// What every TtlStore must do, whatever it keeps its entries in: call check_ttl_store() in a test
/// case of the implementation's own.
namespace netcopy::test {

/// A clock that moves only when it is told to.
class ManualClock {
public:
    BootClock::time_point now() const { return now_; }
    void advance(BootClock::duration time) { now_ += time; }

private:
    BootClock::time_point now_ = BootClock::time_point(std::chrono::hours(1));
};

/// Makes an empty store for at most so many entries, that reads the time from the clock.
using MakeStore =
    std::function<std::unique_ptr<TtlStore>(std::size_t max_entries, const ManualClock& clock)>;

/// Calls a store without the coroutines around it.
class StoreCaller {
public:
    StoreCaller(const MakeStore& make, std::size_t max_entries)
        : store_(make(max_entries, clock)) {}

    Result<> put(std::string_view key, std::string_view value,
                 std::chrono::seconds validity = 60s) {
        return loop_.run(store_->put(key, value, validity));
    }
    /// Nothing when there is none.
    std::optional<std::string> get(std::string_view key) {
        const auto got = loop_.run(store_->get(key));
        REQUIRE(got);
        return *got;
    }

    ManualClock clock;

private:
    Loop loop_;
    std::unique_ptr<TtlStore> store_;
};

inline void check_ttl_store(const MakeStore& make) {
    using Found = std::optional<std::string>;
    constexpr std::size_t plenty = 10'000;

    SECTION("an empty store has nothing") {
        StoreCaller store(make, plenty);
        CHECK_FALSE(store.get("a"));
        CHECK_FALSE(store.get(""));
    }

    SECTION("what is put can be got, again and again") {
        StoreCaller store(make, plenty);
        REQUIRE(store.put("a", "one"));
        REQUIRE(store.put("b", "two"));
        CHECK(store.get("a") == Found("one"));
        CHECK(store.get("a") == Found("one"));
        CHECK(store.get("b") == Found("two"));
        CHECK_FALSE(store.get("c"));
        CHECK_FALSE(store.get("ab"));
    }

    SECTION("a second put replaces the value and the validity") {
        StoreCaller store(make, plenty);
        REQUIRE(store.put("a", "one", 60s));
        REQUIRE(store.put("a", "another", 10s));
        CHECK(store.get("a") == Found("another"));
        store.clock.advance(10s);
        CHECK_FALSE(store.get("a"));
        REQUIRE(store.put("a", "third", 10s));
        REQUIRE(store.put("a", "fourth", 60s));
        store.clock.advance(59s);
        CHECK(store.get("a") == Found("fourth"));
    }

    SECTION("an entry is there until its validity is over, to the nanosecond") {
        StoreCaller store(make, plenty);
        REQUIRE(store.put("a", "one", 60s));
        store.clock.advance(60s - 1ns);
        CHECK(store.get("a") == Found("one"));
        store.clock.advance(1ns);
        CHECK_FALSE(store.get("a"));
        store.clock.advance(1h);
        CHECK_FALSE(store.get("a"));
    }

    SECTION("getting an entry does not prolong it") {
        StoreCaller store(make, plenty);
        REQUIRE(store.put("a", "one", 60s));
        for (int i = 0; i < 59; ++i) {
            store.clock.advance(1s);
            CHECK(store.get("a") == Found("one"));
        }
        store.clock.advance(1s);
        CHECK_FALSE(store.get("a"));
    }

    SECTION("entries expire each at its own time") {
        StoreCaller store(make, plenty);
        for (int i = 1; i <= 20; ++i) {
            REQUIRE(store.put(std::to_string(i), "v", std::chrono::seconds(i)));
        }
        for (int passed = 1; passed <= 20; ++passed) {
            store.clock.advance(1s);
            for (int i = 1; i <= 20; ++i) {
                CHECK(store.get(std::to_string(i)).has_value() == (i > passed));
            }
        }
    }

    SECTION("a validity of nothing is over at once, and a long one is kept") {
        StoreCaller store(make, plenty);
        REQUIRE(store.put("none", "v", 0s));
        CHECK_FALSE(store.get("none"));
        REQUIRE(store.put("year", "v", std::chrono::hours(24 * 366)));
        store.clock.advance(std::chrono::hours(24 * 365));
        CHECK(store.get("year") == Found("v"));
    }

    SECTION("an expired key can be put again") {
        StoreCaller store(make, plenty);
        REQUIRE(store.put("a", "one", 1s));
        store.clock.advance(2s);
        REQUIRE(store.put("a", "two", 1s));
        CHECK(store.get("a") == Found("two"));
    }

    SECTION("keys and values are any bytes") {
        StoreCaller store(make, plenty);
        std::string all;
        for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
        REQUIRE(store.put(all, all));
        CHECK(store.get(all) == Found(all));
        using namespace std::string_literals;
        REQUIRE(store.put("a\0b"s, "1"));
        REQUIRE(store.put("a\0c"s, "2"));
        REQUIRE(store.put("a"s, "3"));
        CHECK(store.get("a\0b"s) == Found("1"));
        CHECK(store.get("a\0c"s) == Found("2"));
        CHECK(store.get("a") == Found("3"));
        for (int byte = 0; byte < 256; ++byte) {
            const std::string key(1, static_cast<char>(byte));
            REQUIRE(store.put(key, "key " + key));
        }
        for (int byte = 0; byte < 256; ++byte) {
            const std::string key(1, static_cast<char>(byte));
            CHECK(store.get(key) == Found("key " + key));
        }
    }

    SECTION("keys that differ only in length are different") {
        StoreCaller store(make, plenty);
        for (std::size_t length = 0; length <= 40; ++length) {
            REQUIRE(store.put(std::string(length, '\0'), std::to_string(length)));
        }
        for (std::size_t length = 0; length <= 40; ++length) {
            CHECK(store.get(std::string(length, '\0')) == Found(std::to_string(length)));
        }
    }

    SECTION("an empty value is a value, and so is a large one") {
        StoreCaller store(make, plenty);
        REQUIRE(store.put("empty", ""));
        CHECK(store.get("empty") == Found(""));
        const std::string large(100'000, 'x');
        REQUIRE(store.put("large", large));
        CHECK(store.get("large") == Found(large));
    }

    SECTION("a full store refuses what is new and keeps what it has") {
        StoreCaller store(make, 3);
        for (const char* key : {"a", "b", "c"}) REQUIRE(store.put(key, key));
        const auto refused = store.put("d", "d");
        REQUIRE(refused.has_error());
        CHECK(refused.error() == Errc::refused);
        CHECK_FALSE(store.get("d"));
        for (const char* key : {"a", "b", "c"}) CHECK(store.get(key) == Found(key));
    }

    SECTION("a full store replaces what it has") {
        StoreCaller store(make, 2);
        REQUIRE(store.put("a", "one"));
        REQUIRE(store.put("b", "two"));
        for (int i = 0; i < 10; ++i) {
            REQUIRE(store.put("a", std::to_string(i)));
            CHECK(store.get("a") == Found(std::to_string(i)));
        }
        CHECK(store.put("c", "three").has_error());
    }

    SECTION("what has expired takes no place of the full store, though nobody asked for it") {
        StoreCaller store(make, 10);
        for (int i = 0; i < 10; ++i) REQUIRE(store.put("old" + std::to_string(i), "v", 10s));
        REQUIRE(store.put("new", "v").has_error());
        store.clock.advance(10s);
        for (int i = 0; i < 10; ++i) {
            INFO("entry " << i);
            CHECK(store.put("new" + std::to_string(i), "v", 10s));
        }
        CHECK(store.put("one too many", "v").has_error());
    }

    SECTION("a store without room refuses all") {
        StoreCaller store(make, 0);
        CHECK(store.put("a", "v").has_error());
        CHECK_FALSE(store.get("a"));
    }

    SECTION("many entries do not get into each other's way") {
        StoreCaller store(make, plenty);
        for (std::size_t i = 0; i < plenty; ++i) {
            REQUIRE(store.put(std::to_string(i), "value " + std::to_string(i)));
        }
        for (std::size_t i = 0; i < plenty; ++i) {
            CHECK(store.get(std::to_string(i)) == Found("value " + std::to_string(i)));
        }
    }
}

}  // namespace netcopy::test
