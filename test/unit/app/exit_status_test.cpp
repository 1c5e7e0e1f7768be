#include <catch2/catch.hpp>

#include <csignal>

#include "app/exit_status.hpp"

using namespace netcopy;

TEST_CASE("every kind of failure has the exit status of the design") {
    const std::pair<Errc, int> table[] = {
        {Errc::failed, 1},    {Errc::usage, 2},           {Errc::partial, 3},
        {Errc::corrupted, 4}, {Errc::unverified, 5},      {Errc::unreachable, 6},
        {Errc::timed_out, 7}, {Errc::connection_lost, 8}, {Errc::protocol, 8},
        {Errc::refused, 9},   {Errc::local_file, 11}};
    for (const auto& [kind, status] : table) {
        INFO(make_error_code(kind).message());
        CHECK(app::exit_status(make_error(kind, "why")) == status);
    }
}

TEST_CASE("an error of another category is any other failure") {
    const Error error{
        error_code(static_cast<int>(Errc::corrupted), boost::system::system_category()), "why"};
    CHECK(app::exit_status(error) == 1);
}

TEST_CASE("a signal ends with what a shell says of it") {
    CHECK(app::exit_status_of_signal(SIGINT) == 130);
    CHECK(app::exit_status_of_signal(SIGTERM) == 143);
    CHECK(app::exit_status(make_error(Errc::interrupted, "why")) == 130);
}
