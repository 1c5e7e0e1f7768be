#include "rudp/door.hpp"
#include "rudp/ended_ids.hpp"

#include <catch2/catch.hpp>

using namespace netcopy;
using namespace netcopy::rudp;
using namespace std::chrono_literals;

namespace {

const Time start = Time{} + 1h;

/// FNV-1a with a key in front: every byte counts, which is all that these tests need.
Door::MacFn keyed(std::uint64_t key) {
    return [key](Bytes bytes) {
        Door::Mac mac;
        for (std::size_t i = 0; i < mac.size(); ++i) {
            std::uint64_t hash = 0xCBF29CE484222325U ^ (key + i);
            for (const std::byte each : bytes)
                hash = (hash ^ std::to_integer<std::uint64_t>(each)) * 0x100000001B3U;
            mac[i] = static_cast<std::byte>(hash >> 40);
        }
        return mac;
    };
}

struct Fixture {
    Fixture() {
        from.ip[15] = std::byte{1};
        from.port = 1000;
        request.size = 100;
        request.wish = {0, 100};
        request.name = "file";
    }
    /// With the cookie that was just given for all this.
    void take_cookie(Time now = start) { request.cookie = door.cookie(now, from, header, request); }
    bool passes(Time now = start + 1s) const {
        return door.check(now, from, header, request).has_value();
    }

    Door door{keyed(1), start};
    Address from;
    Header header{Kind::request, 77, 0};
    Request request;
};

}  // namespace

TEST_CASE("who brings the cookie back passes, and its age is known") {
    Fixture fixture;
    CHECK_FALSE(fixture.passes());
    fixture.take_cookie(start + 5s);
    const auto age =
        fixture.door.check(start + 5s + 80ms, fixture.from, fixture.header, fixture.request);
    REQUIRE(age);
    CHECK(*age == 80ms);
    CHECK(fixture.door.check(start + 5s, fixture.from, fixture.header, fixture.request) == 0ms);
}

TEST_CASE("a cookie is good for ten seconds, and not before it was given") {
    Fixture fixture;
    fixture.take_cookie(start + 5s);
    CHECK(fixture.passes(start + 15s));
    CHECK_FALSE(fixture.passes(start + 15s + 1us));
    CHECK_FALSE(fixture.passes(start + 5s - 1us));
}

TEST_CASE("a cookie is for one address, connection and request") {
    Fixture fixture;
    fixture.take_cookie();
    REQUIRE(fixture.passes());
    fixture.header.number = 5;  // repeated under another number
    REQUIRE(fixture.passes());
    SECTION("another host") { fixture.from.ip[0] ^= std::byte{1}; }
    SECTION("another port") { ++fixture.from.port; }
    SECTION("another connection") { ++fixture.header.connection; }
    SECTION("another size") { ++fixture.request.size; }
    SECTION("another tag") { fixture.request.tag[31] ^= std::byte{1}; }
    SECTION("another beginning") { ++fixture.request.wish.begin; }
    SECTION("another end") { ++fixture.request.wish.end; }
    SECTION("another name") { fixture.request.name = "fil"; }
    SECTION("another server, or the same after its restart") {
        fixture.door = Door(keyed(2), start);
    }
    CHECK_FALSE(fixture.passes());
}

TEST_CASE("every bit of a cookie counts") {
    Fixture fixture;
    fixture.take_cookie();
    for (std::size_t bit = 0; bit < 8 * cookie_size; ++bit) {
        Fixture other = fixture;
        (*other.request.cookie)[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        if (other.passes()) FAIL_CHECK("bit " << bit);
    }
}

TEST_CASE("the longest name has a cookie of its own") {
    Fixture fixture;
    const std::string name(most_name, 'n');
    std::string other = name;
    other.back() = 'm';
    fixture.request.name = name;
    fixture.take_cookie();
    CHECK(fixture.passes());
    fixture.request.name = other;
    CHECK_FALSE(fixture.passes());
}

TEST_CASE("a connection that has ended is known as long as a cookie is good") {
    EndedIds ended;
    ended.add(start, 5);
    ended.add(start + 1s, 6);
    ended.add(start + 2s, 5);  // it stays where it is
    CHECK(ended.contains(start + 10s, 5));
    CHECK_FALSE(ended.contains(start + 10s, 7));
    CHECK_FALSE(ended.contains(start + 10s + 1us, 5));
    CHECK(ended.contains(start + 10s + 1us, 6));
    CHECK(ended.size() == 1);
}

TEST_CASE("no more ended connections are kept than the limit, the latest") {
    EndedIds ended;
    for (std::uint64_t i = 0; i < EndedIds::most + 10; ++i) ended.add(start, i);
    CHECK(ended.size() == EndedIds::most);
    CHECK_FALSE(ended.contains(start, 9));
    CHECK(ended.contains(start, 10));
    CHECK(ended.contains(start, EndedIds::most + 9));
}
