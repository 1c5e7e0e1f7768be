#include "app/options.hpp"

#include <catch2/catch.hpp>

#include "test/unit/app/surroundings.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::app;
using test::Variable;
using Words = std::vector<std::string>;

namespace {

/// A command with one option of each kind.
struct Fixture {
    Options options;
    Words operands;
    bool flag = false;
    int verbose = 0;
    std::string id;
    std::string checksum = "md5";
    std::uint64_t retry = 3;
    std::uint64_t size = 2048;
    std::chrono::milliseconds timeout{60'000};
    bool help = false;

    Fixture() {
        options.operands(operands, Completes::file);
        options.flag("keep-running", 'k', flag, "serve on");
        options.count("verbose", 'v', verbose, "say more");
        options.text("id", "N", id, "the file's id");
        options.choice("checksum", "KIND", checksum, {"md5", "crc32"}, "the digest");
        options.number("retry", "N", retry, 1, 9, "again");
        options.size("max-size", "BYTES", size, "the most");
        options.seconds("timeout", timeout, "the longest");
        options.flag("help", 'h', help, "help");
    }

    Result<> parse(Words arguments) { return options.parse(arguments); }

    /// The text of the error; every error is one of usage.
    std::string error(Words arguments) {
        const auto parsed = parse(std::move(arguments));
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error() == Errc::usage);
        return parsed.error().context;
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "options stand anywhere among the operands") {
    REQUIRE(parse({"a", "--id", "7", "b", "--keep-running", "c"}));
    CHECK(operands == Words{"a", "b", "c"});
    CHECK(id == "7");
    CHECK(flag);
}

TEST_CASE_METHOD(Fixture, "many operands keep their order, whatever stands between them") {
    Words words, expected;
    for (int i = 0; i < 5000; ++i) {
        expected.push_back("file" + std::to_string(i));
        words.push_back(expected.back());
        if (i % 1000 == 500) words.insert(words.end(), {"--id", "7"});
        if (i % 1000 == 700) words.push_back("-v");
        if (i % 1000 == 900) expected.push_back(words.emplace_back("-3"));
    }
    words.insert(words.end(), {"--", "--id", "last"});
    expected.insert(expected.end(), {"--id", "last"});
    REQUIRE(parse(words));
    CHECK(operands == expected);
    CHECK(id == "7");
    CHECK(verbose == 5);
}

TEST_CASE_METHOD(Fixture, "an argument stands behind a space or an equals sign") {
    REQUIRE(
        parse({"--id=7", "--timeout", "2.5", "--max-size=3K", "--retry=9", "--checksum=crc32"}));
    CHECK(id == "7");
    CHECK(timeout == std::chrono::milliseconds(2500));
    CHECK(size == 3072);
    CHECK(retry == 9);
    CHECK(checksum == "crc32");
}

TEST_CASE_METHOD(Fixture, "what is not given keeps its value") {
    REQUIRE(parse({}));
    CHECK(checksum == "md5");
    CHECK(retry == 3);
    CHECK(size == 2048);
    CHECK(timeout == std::chrono::seconds(60));
    CHECK_FALSE(flag);
    CHECK(verbose == 0);
    CHECK(operands.empty());
}

TEST_CASE_METHOD(Fixture, "a dash and digits are an operand") {
    REQUIRE(parse({"-5", "--keep-running", "-0123456789012345678901234"}));
    CHECK(operands == Words{"-5", "-0123456789012345678901234"});
}

TEST_CASE_METHOD(Fixture, "a negative number can be an argument") {
    REQUIRE(parse({"--id", "-5", "--id=-6", "x"}));
    CHECK(id == "-6");
    CHECK(operands == Words{"x"});
}

TEST_CASE_METHOD(Fixture, "a dash alone and an empty word are operands") {
    REQUIRE(parse({"-", ""}));
    CHECK(operands == Words{"-", ""});
}

TEST_CASE_METHOD(Fixture, "two dashes end the options") {
    REQUIRE(parse({"--id", "1", "--", "--keep-running", "-v", "--", "-5"}));
    CHECK(operands == Words{"--keep-running", "-v", "--", "-5"});
    CHECK_FALSE(flag);
    CHECK(verbose == 0);
}

TEST_CASE_METHOD(Fixture, "letters can be joined and counted") {
    REQUIRE(parse({"-vkv", "--verbose"}));
    CHECK(verbose == 3);
    CHECK(flag);
}

TEST_CASE_METHOD(Fixture, "the last of several arguments counts") {
    REQUIRE(parse({"--id", "1", "--id=2", "--id", "3"}));
    CHECK(id == "3");
}

TEST_CASE_METHOD(Fixture, "an argument may look like anything behind an equals sign") {
    REQUIRE(parse({"--id=--checksum"}));
    CHECK(id == "--checksum");
}

TEST_CASE_METHOD(Fixture, "an unknown option gets a suggestion") {
    CHECK(error({"--cheksum", "md5"}) == "unknown option '--cheksum'; did you mean '--checksum'?");
    CHECK(error({"--cheksum=md5"}) == "unknown option '--cheksum'; did you mean '--checksum'?");
    CHECK(error({"--keep"}) == "unknown option '--keep'; did you mean '--keep-running'?");
    CHECK(error({"-timeout", "5"}) == "unknown option '-timeout'; did you mean '--timeout'?");
}

TEST_CASE_METHOD(Fixture, "an unknown option that is near to none gets no suggestion") {
    CHECK(error({"--frobnicate"}) == "unknown option '--frobnicate'");
    CHECK(error({"-x"}) == "unknown option '-x'");
    CHECK(error({"---"}) == "unknown option '---'");
}

TEST_CASE_METHOD(Fixture, "an abbreviation is not guessed") {
    CHECK(error({"--check", "md5"}) == "unknown option '--check'; did you mean '--checksum'?");
    CHECK(checksum == "md5");
}

TEST_CASE_METHOD(Fixture, "a missing argument is said") {
    CHECK(error({"--id"}) == "--id needs an argument");
    CHECK(error({"--id="}) == "--id needs an argument");
    CHECK(error({"--id", "--checksum", "md5"}) == "--id needs an argument");
    CHECK(error({"--id", "-v"}) == "--id needs an argument");
}

TEST_CASE_METHOD(Fixture, "a flag takes no argument") {
    CHECK(error({"--keep-running=1"}) == "--keep-running takes no argument");
}

TEST_CASE_METHOD(Fixture, "a wrong argument is said with its option") {
    CHECK(error({"--timeout", "abc"}) == "--timeout: 'abc' is no number of seconds");
    CHECK(error({"--checksum", "sha1"}) == "--checksum must be one of md5, crc32, not 'sha1'");
    CHECK(error({"--retry", "10"}) == "--retry: '10' is no whole number from 1 to 9");
    CHECK(error({"--max-size", "1X"}) ==
          "--max-size: '1X' is no size; write bytes, or 64K, 20M, 2G, 1T");
}

TEST_CASE("a command without operands refuses one") {
    Options options;
    bool flag = false;
    options.flag("json", 0, flag, "");
    const auto parsed = options.parse(Words{"--json", "stray"});
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().context == "unexpected operand 'stray'");
}

TEST_CASE_METHOD(Fixture, "the environment gives what the command line leaves out") {
    const Variable first("NETCOPY_MAX_SIZE", "1M"), second("NETCOPY_ID", "8");
    REQUIRE(parse({"--id", "9"}));
    CHECK(size == 1 << 20);
    CHECK(id == "9");
    CHECK(options.given("max-size"));
    CHECK(options.given("id"));
    CHECK_FALSE(options.given("timeout"));
}

TEST_CASE_METHOD(Fixture, "an empty variable is as good as none") {
    const Variable variable("NETCOPY_TIMEOUT", "");
    REQUIRE(parse({}));
    CHECK(timeout == std::chrono::seconds(60));
    CHECK_FALSE(options.given("timeout"));
}

TEST_CASE("a flag's variable takes words for yes and no") {
    const auto [value, expected] = GENERATE(table<const char*, bool>({{"1", true},
                                                                      {"true", true},
                                                                      {"Yes", true},
                                                                      {"on", true},
                                                                      {"0", false},
                                                                      {"false", false},
                                                                      {"no", false},
                                                                      {"OFF", false}}));
    CAPTURE(value);
    Fixture fixture;
    const Variable variable("NETCOPY_KEEP_RUNNING", value);
    REQUIRE(fixture.parse({}));
    CHECK(fixture.flag == expected);
}

TEST_CASE_METHOD(Fixture, "a count's variable takes a number") {
    const Variable variable("NETCOPY_VERBOSE", "2");
    REQUIRE(parse({}));
    CHECK(verbose == 2);
}

TEST_CASE_METHOD(Fixture, "a wrong variable is said by its name") {
    SECTION("of an option with an argument") {
        const Variable variable("NETCOPY_TIMEOUT", "abc");
        CHECK(error({}) == "NETCOPY_TIMEOUT: 'abc' is no number of seconds");
    }
    SECTION("of a flag") {
        const Variable variable("NETCOPY_KEEP_RUNNING", "2");
        CHECK(error({}) == "NETCOPY_KEEP_RUNNING must be 1 or 0, not '2'");
    }
}

TEST_CASE_METHOD(Fixture, "a wrong variable does not keep anybody from the help") {
    const Variable variable("NETCOPY_TIMEOUT", "abc");
    REQUIRE(parse({"--help"}));
    CHECK(help);
}

TEST_CASE_METHOD(Fixture, "help is not taken from the environment") {
    const Variable variable("NETCOPY_HELP", "1");
    REQUIRE(parse({}));
    CHECK_FALSE(help);
}

TEST_CASE("repeated options keep all their values in the order given, whichever of them it was") {
    Options options;
    std::vector<Repeated> rules;
    options.repeated("include", "PATTERN", rules, "");
    options.repeated("exclude", "PATTERN", rules, "");
    REQUIRE(options.parse(Words{"--exclude", "a", "--include=b", "--exclude=-c"}));
    REQUIRE(rules.size() == 3);
    CHECK(rules[0].option == "exclude");
    CHECK(rules[0].value == "a");
    CHECK(rules[1].option == "include");
    CHECK(rules[1].value == "b");
    CHECK(rules[2].value == "-c");
}

TEST_CASE("a list of choices has commas, and each choice counts once") {
    Options options;
    Words kinds{"sha256"};
    options.choices("checksum", "LIST", kinds, {"sha256", "md5", "crc32"}, "", "sha256");
    REQUIRE(options.parse(Words{"--checksum", "crc32,md5,crc32"}));
    CHECK(kinds == Words{"crc32", "md5"});
    for (const char* wrong : {"md6", "md5,", ",md5", "md5 crc32", "MD5"}) {
        CAPTURE(wrong);
        CHECK(options.parse(Words{"--checksum", wrong}).error() == Errc::usage);
    }
}

TEST_CASE("a number may have a letter") {
    Options options;
    std::uint64_t port = 5001;
    options.number("port", "PORT", port, 1, 65535, "", 'p');
    REQUIRE(options.parse(Words{"-p", "7000"}));
    CHECK(port == 7000);
    REQUIRE(options.parse(Words{"-p7001"}));
    CHECK(port == 7001);
    CHECK(options.parse(Words{"-p", "0"}).error().context ==
          "--port: '0' is no whole number from 1 to 65535");
}

TEST_CASE("an option of another form is refused when it was typed, not when it is a variable") {
    Options options;
    bool recursive = false;
    std::string id;
    options.group("Copying", "send PATH... ENDPOINT");
    options.flag("recursive", 'r', recursive, "");
    options.group("Checksum", "send PATH ENDPOINT --id N");
    options.text("id", "N", id, "");
    const Variable variable("NETCOPY_ID", "7");
    REQUIRE(options.parse(Words{"-r"}));
    CHECK(options.typed("recursive"));
    CHECK_FALSE(options.typed("id"));
    CHECK(options.given("id"));
    CHECK(options.require_form("send PATH... ENDPOINT"));
    const auto refused = options.require_form("send PATH ENDPOINT --id N");
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == Errc::usage);
    CHECK(refused.error().context == "--recursive goes only with 'netcopy send PATH... ENDPOINT'");
}

TEST_CASE("every shared option is declared once") {
    Options options;
    CommonOptions common;
    ClientOptions client;
    ServerOptions server(std::chrono::seconds(300));
    common.describe(options);
    client.describe(options);
    server.describe(options);
    Words names;
    for (const OptionGroup& group : options.groups()) {
        for (const OptionInfo& option : group.options) names.push_back(option.name);
    }
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    REQUIRE(options.parse(Words{
        "-vvq", "--json", "--progress=none", "--color=never", "--log-file=x", "--log-level=debug",
        "--timeout=1", "--connect-timeout=2", "--retry=3", "--max-connections=4",
        "--max-connections-per-address=5", "--idle-timeout=6", "--threads=7"}));
    CHECK(common.verbose == 2);
    CHECK(common.quiet);
    CHECK(common.json);
    CHECK(common.progress == "none");
    CHECK(common.color == "never");
    CHECK(common.log_file == "x");
    CHECK(common.log_level == "debug");
    CHECK(client.timeout == std::chrono::seconds(1));
    CHECK(client.connect_timeout == std::chrono::seconds(2));
    CHECK(client.retry == 3);
    CHECK(server.max_connections == 4);
    CHECK(server.max_connections_per_address == 5);
    CHECK(server.idle_timeout == std::chrono::seconds(6));
    CHECK(server.threads == 7);
}
