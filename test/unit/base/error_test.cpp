#include <catch2/catch.hpp>

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <set>

#include "base/error.hpp"

using namespace netcopy;

namespace {

constexpr Errc all_kinds[] = {Errc::failed,          Errc::usage,       Errc::corrupted,
                              Errc::unverified,      Errc::unreachable, Errc::timed_out,
                              Errc::connection_lost, Errc::protocol,    Errc::refused,
                              Errc::local_file,      Errc::interrupted};

}  // namespace

TEST_CASE("every kind of failure has words of its own") {
    std::set<std::string> words;
    for (const Errc kind : all_kinds) {
        const error_code code = make_error_code(kind);
        CHECK(code.category() == netcopy_category());
        CHECK(code.failed());
        words.insert(code.message());
    }
    CHECK(words.size() == std::size(all_kinds));
    CHECK(words.count(error_code(12345, netcopy_category()).message()) == 0);
}

TEST_CASE("an error is compared by its kind") {
    const Error error = make_error(Errc::refused, "no");
    CHECK(error == Errc::refused);
    CHECK_FALSE(error == Errc::failed);
    // The same number in another category is another error.
    const Error other{
        error_code(static_cast<int>(Errc::refused), boost::system::generic_category()), ""};
    CHECK_FALSE(other == Errc::refused);
}

TEST_CASE("an error says what, and why") {
    CHECK(make_error(Errc::failed, "it rained").context == "it rained");
    CHECK(make_error(Errc::local_file, "cannot open 'a'", ENOENT).context ==
          "cannot open 'a': No such file or directory");
    const error_code reason(ECONNREFUSED, boost::system::system_category());
    const Error error = make_error(Errc::unreachable, "cannot connect", reason);
    CHECK(error.context == "cannot connect: Connection refused");
    CHECK(error == Errc::unreachable);
}

TEST_CASE("the value of a failed result throws its code and its words") {
    const Result<int> failed = make_error(Errc::corrupted, "the file 'a' differs");
    try {
        static_cast<void>(failed.value());
        FAIL("value() did not throw");
    } catch (const boost::system::system_error& error) {
        CHECK(error.code() == make_error_code(Errc::corrupted));
        CHECK(std::string(error.what()).find("the file 'a' differs") != std::string::npos);
    }
}
