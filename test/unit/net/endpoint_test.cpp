#include "net/endpoint.hpp"

#include <catch2/catch.hpp>

#include "test/unit/results.hpp"

using namespace netcopy;

namespace {

void check(const Result<Endpoint>& endpoint, std::string_view host, std::uint16_t port) {
    REQUIRE(endpoint);
    CHECK(endpoint->host == host);
    CHECK(endpoint->port == port);
}

}  // namespace

TEST_CASE("an endpoint is a host and a port") {
    check(parse_endpoint("localhost:5003", std::nullopt), "localhost", 5003);
    check(parse_endpoint("10.0.0.2:0", std::nullopt), "10.0.0.2", 0);
    check(parse_endpoint("example.org:65535", 1), "example.org", 65535);
    check(parse_endpoint("[::1]:5003", std::nullopt), "::1", 5003);
    check(parse_endpoint("[fe80::1%eth0]:1", std::nullopt), "fe80::1%eth0", 1);
}

TEST_CASE("with a default the port may be left out") {
    check(parse_endpoint("localhost", 5001), "localhost", 5001);
    check(parse_endpoint("[::1]", 5001), "::1", 5001);
    check(parse_endpoint("::1", 5001), "::1", 5001);
    check(parse_endpoint("2001:db8::5", 5001), "2001:db8::5", 5001);
}

TEST_CASE("what is no endpoint is a wrong usage, and the message shows it") {
    for (const char* text :
         {"", ":", ":5003", "localhost", "localhost:", "localhost:x", "localhost:-1",
          "localhost:65536", "localhost:99999999999999999999", "localhost: 5003", "::1", "::1:5003",
          "[::1]", "[::1", "[::1]5003", "[::1]:", "[]:5003", "localhost:0x10", "localhost:+1"}) {
        INFO(text);
        const auto endpoint = parse_endpoint(text, std::nullopt);
        REQUIRE(endpoint.has_error());
        CHECK(endpoint.error() == Errc::usage);
        CHECK(endpoint.error().context.find(text) != std::string::npos);
    }
    for (const char* text : {"", ":5003", "localhost:", "localhost:x", "[::1", "[]", "[::1]x"}) {
        INFO(text);
        CHECK(parse_endpoint(text, 5003).has_error());
    }
}

TEST_CASE("a host may be as long as a name can be and no longer") {
    CHECK(parse_endpoint(std::string(255, 'a') + ":1", std::nullopt));
    CHECK(parse_endpoint(std::string(256, 'a') + ":1", std::nullopt).has_error());
}

TEST_CASE("host and port may be operands of their own") {
    check(parse_endpoint("localhost", "5003"), "localhost", 5003);
    check(parse_endpoint("::1", "5003"), "::1", 5003);
    check(parse_endpoint("[::1]", "0"), "::1", 0);
    for (const auto& [host, port] : {std::pair{"", "5003"},
                                     {"localhost", ""},
                                     {"localhost", "x"},
                                     {"localhost", "65536"},
                                     {"localhost", "-1"},
                                     {"localhost", "5003 "}}) {
        INFO(host << " " << port);
        const auto endpoint = parse_endpoint(host, port);
        REQUIRE(endpoint.has_error());
        CHECK(endpoint.error() == Errc::usage);
    }
}

TEST_CASE("an endpoint is shown so that it can be typed again") {
    for (const char* text : {"localhost:5003", "10.0.0.2:0", "[::1]:5003", "[2001:db8::1]:65535"}) {
        CHECK(to_string(parse_endpoint(text, std::nullopt).value()) == text);
    }
    CHECK(to_string(Endpoint{"::1", 5}) == "[::1]:5");
}
