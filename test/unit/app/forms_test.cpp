#include <catch2/catch.hpp>

#include "app/checksum_operands.hpp"
#include "app/command.hpp"
#include "test/unit/app/surroundings.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::app;
using Words = std::vector<std::string>;

TEST_CASE("six operands with two ports and an integer are the assignment's form") {
    CHECK(is_assignment_form({"10.0.0.2", "5000", "10.0.0.3", "9000", "7", "big.iso"}));
    CHECK(is_assignment_form({"a", "0", "b", "65535", "-7", "-"}));
    for (const Words& other :
         {Words{"10.0.0.2", "5000", "10.0.0.3", "9000", "7"},
          Words{"10.0.0.2", "5000", "10.0.0.3", "9000", "7", "big.iso", "more"},
          Words{"10.0.0.2", "port", "10.0.0.3", "9000", "7", "big.iso"},
          Words{"10.0.0.2", "65536", "10.0.0.3", "9000", "7", "big.iso"},
          Words{"10.0.0.2", "5000", "10.0.0.3", "-1", "7", "big.iso"},
          Words{"10.0.0.2", "5000", "10.0.0.3", "9000", "seven", "big.iso"}, Words{}}) {
        CAPTURE(other);
        CHECK_FALSE(is_assignment_form(other));
    }
}

TEST_CASE("a checksum server is asked for by either option, or by both variables") {
    struct Form {
        Options options;
        ChecksumOperands operands;

        bool asks(const Words& words) {
            operands.describe(options, "form");
            REQUIRE(options.parse(words));
            return asks_for_checksum_server(options);
        }
    };
    CHECK_FALSE(Form().asks({}));
    CHECK(Form().asks({"--id", "7"}));
    CHECK(Form().asks({"--checksum-server", "h:1"}));
    const test::Variable server("NETCOPY_CHECKSUM_SERVER", "h:1");
    CHECK_FALSE(Form().asks({}));
    const test::Variable id("NETCOPY_ID", "7");
    CHECK(Form().asks({}));
}
