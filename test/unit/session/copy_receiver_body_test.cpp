#include "test/unit/sample.hpp"
#include "test/unit/session/copy_receiver_fixture.hpp"

/// Bodies, their ends, and what becomes of them, as docs/protocol/copy.md says.
namespace netcopy::test {
namespace {

constexpr std::size_t mebibyte = 1 << 20;

/// 2 MiB, of which the first one and a half have come before the connection broke; their journal
/// vouches for what is offered again.
struct Broken {
    Broken() {
        there.say(put(1, "big", content.size()) + data(1, 0, content.substr(0, 3 * mebibyte / 2)));
        there.connect();
        const auto answers = there.say(put(1, "big", content.size()));
        REQUIRE(answers.lines.size() == 2);
        std::istringstream words(answers.lines[1]);
        std::string verb, n, crc;
        words >> verb >> n >> offset >> crc;
        REQUIRE(verb == "WANT");
        REQUIRE(offset >= mebibyte);
        REQUIRE(offset <= 3 * mebibyte / 2);
        REQUIRE(crc.starts_with("crc64="));
        REQUIRE(answers.lines[0] == "KEPT 1 " + std::to_string(offset));
    }
    void check_whole(const LoneReceiver::Answers& answers) const {
        CHECK(answers.lines == Lines{"DONE 1"});
        CHECK(there.content("big") == content);
    }

    const std::string content = sample(2 * mebibyte);
    LoneReceiver there;
    std::size_t offset = 0;
};

}  // namespace

TEST_CASE("What an earlier connection brought is gone on with") {
    Broken at;
    at.check_whole(at.there.say(data(1, at.offset, at.content.substr(at.offset)) +
                                sum(1, at.content) + sync_line));
}

TEST_CASE("A first DATA without bytes says where the sender goes on") {
    Broken at;
    SECTION("there") {
        at.check_whole(at.there.say(data(1, at.offset, "") +
                                    data(1, at.offset, at.content.substr(at.offset)) +
                                    sum(1, at.content) + sync_line));
    }
    SECTION("at the beginning") {
        at.check_whole(
            at.there.say(data(1, 0, "") + data(1, 0, at.content) + sum(1, at.content) + sync_line));
    }
}

TEST_CASE("A sender that begins at 0 after all starts over") {
    Broken at;
    const std::string other = std::string(at.content.rbegin(), at.content.rend());
    const auto answers = at.there.say(data(1, 0, other) + sum(1, other) + sync_line);
    CHECK(answers.lines == Lines{"DONE 1"});
    CHECK(at.there.content("big") == other);
}

TEST_CASE("A sender that goes on at a place that was not offered breaks the protocol") {
    Broken at;
    const std::size_t place = GENERATE(std::size_t{1}, mebibyte - 1, mebibyte * 2 - 1);
    CHECK(at.there.say(data(1, place, "x")).broken);
    at.there.disconnect();
    CHECK(at.there.names().empty());
}

TEST_CASE("A resumed file whose digest is wrong is thrown away, and wanted from 0 the next time") {
    Broken at;
    const std::string rest(at.content.size() - at.offset, 'x');
    const auto answers = at.there.say(data(1, at.offset, rest) + sum(1, at.content) + sync_line);
    CHECK(answers.lines == Lines{"NO 1 corrupted"});
    CHECK(at.there.names().empty());
    CHECK(at.there.say(put(2, "big", at.content.size())).lines == Lines{"WANT 2 0"});
}

TEST_CASE("What is dropped is kept for another attempt, unless the source changed") {
    const std::string content = sample(2 * mebibyte);
    const std::string begin = content.substr(0, 3 * mebibyte / 2);
    const auto offer_again = [&](const std::string& code) {
        LoneReceiver there;
        const auto answers = there.say(put(1, "big", content.size()) + data(1, 0, begin) +
                                       drop(1, code) + put(2, "big", content.size()));
        REQUIRE(answers.lines.size() >= 3);
        CHECK(answers.lines[1] == "NO 1 " + code);
        return answers.lines.back();
    };
    CHECK(offer_again("changed") == "WANT 2 0");
    CHECK(offer_again("stopped").starts_with("WANT 2 1"));
    CHECK(offer_again("unreadable").starts_with("WANT 2 1"));
}

TEST_CASE("A drop is answered with its code wherever a file may be given up") {
    LoneReceiver there;
    there.place("old", "12345");
    SECTION("after WANT") {
        CHECK(there.say(put(1, "x", 5) + drop(1, "gone")).lines == Lines{"WANT 1 0", "NO 1 gone"});
    }
    SECTION("after HAVE") {
        const auto answers = there.say(put(1, "old", 5) + drop(1, "unreadable"));
        CHECK(answers.lines.back() == "NO 1 unreadable");
    }
    SECTION("in the body") {
        const auto answers = there.say(put(1, "x", 5) + data(1, 0, "123") + drop(1, "changed"));
        CHECK(answers.lines == Lines{"WANT 1 0", "NO 1 changed"});
    }
    CHECK(there.say(file(2, "y", "12345") + end_line).lines == Lines{"WANT 2 0", "DONE 2", "BYE"});
    CHECK(there.names().back() == "y");
    CHECK_FALSE(std::filesystem::exists(there.root() / "x"));
}

TEST_CASE("A file whose digest is wrong gets no name") {
    LoneReceiver there;
    const auto check = [&](const wire::CopySum& said) {
        const auto answers =
            there.say(put(1, "x", 5) + data(1, 0, "12345") + wire::line_of(said) + sync_line);
        CHECK(answers.lines == Lines{"WANT 1 0", "NO 1 corrupted"});
        CHECK(there.names().empty());
    };
    const std::string right = hex_of(DigestKind::sha256, "12345");
    SECTION("another value") { check({1, 5, {{"sha256", hex_of(DigestKind::sha256, "12346")}}}); }
    SECTION("another kind than was agreed on") {
        check({1, 5, {{"md5", hex_of(DigestKind::md5, "12345")}}});
    }
    SECTION("one of two is missing") {
        there.connect({DigestKind::sha256, DigestKind::crc32});
        check({1, 5, {{"sha256", right}}});
    }
    SECTION("one of two is wrong") {
        there.connect({DigestKind::sha256, DigestKind::crc32});
        check({1, 5, {{"sha256", right}, {"crc32", "00000000"}}});
    }
}

TEST_CASE("A corrupted file can be sent again on the same connection") {
    LoneReceiver there;
    there.say(put(1, "x", 5) + data(1, 0, "12345") + sum(1, "54321"));
    CHECK(there.say(file(2, "x", "12345") + sync_line).lines == Lines{"WANT 2 0", "DONE 2"});
    CHECK(there.content("x") == "12345");
}

TEST_CASE("Holes read as zeros, wherever they are") {
    const std::string zeros(100, '\0');
    const auto check = [](const std::string& body, const std::string& content) {
        LoneReceiver there;
        const auto answers =
            there.say(put(1, "x", content.size()) + body + sum(1, content) + sync_line);
        CHECK(answers.lines == Lines{"WANT 1 0", "DONE 1"});
        CHECK(there.content("x") == content);
    };
    check("", "");
    check("", zeros);
    check(data(1, 0, ""), zeros);
    check(data(1, 100, ""), zeros);
    check(data(1, 0, "begin"), "begin" + zeros);
    check(data(1, 100, "end"), zeros + "end");
    check(data(1, 0, "begin") + data(1, 105, "end"), "begin" + zeros + "end");
    check(data(1, 0, "be") + data(1, 2, "") + data(1, 2, "gin"), "begin");
}

TEST_CASE("A pipe is taken as long as it is") {
    LoneReceiver there;
    const auto answers = there.say(put(1, "x", std::nullopt) + data(1, 0, "123") +
                                   data(1, 3, "45") + sum(1, "12345") + sync_line);
    CHECK(answers.lines == Lines{"WANT 1 0", "DONE 1"});
    CHECK(there.content("x") == "12345");
}

TEST_CASE("A pipe that grows beyond a limit is refused once, and the rest of it passed over") {
    Quota quota(14, 0);
    LoneReceiver there;
    const char* code = "size";
    SECTION("--max-size") { there.rules.max_size = 10; }
    SECTION("--quota") {
        there.rules.quota = &quota;
        code = "quota";
    }
    const auto answers =
        there.say(put(1, "x", std::nullopt) + data(1, 0, "123456789") + data(1, 9, "123456789") +
                  data(1, 18, "123456789") + data(1, 27, "123456789"));
    CHECK(answers.lines == Lines{"WANT 1 0", "NO 1 " + std::string(code)});
    const auto ended = GENERATE_COPY(sum(1, std::string(36, 'x')), drop(1, "stopped"));
    CHECK(there.say(ended).lines.empty());
    // What it had taken of the quota is free again.
    const auto rest = there.say(file(2, "y", "1234567890") + end_line);
    CHECK(rest.lines == Lines{"WANT 2 0", "DONE 2", "BYE"});
    CHECK(there.names() == Lines{"y"});
    REQUIRE(there.files.size() == 2);
    CHECK(there.files[0].outcome.error() == Errc::refused);
}

TEST_CASE("What cannot fit is refused with its reason when it is offered") {
    Quota quota(10, 4);
    LoneReceiver there;
    SECTION("--max-size") {
        there.rules.max_size = 5;
        CHECK(there.say(put(1, "x", 6)).lines == Lines{"NO 1 size"});
        CHECK(there.say(put(2, "x", 5)).lines == Lines{"WANT 2 0"});
    }
    SECTION("--quota, with all that is under way") {
        there.rules.quota = &quota;
        const auto answers = there.say(put(1, "x", 5) + put(2, "y", 2) + put(3, "z", 1));
        CHECK(answers.lines == Lines{"WANT 1 0", "NO 2 quota", "WANT 3 0"});
    }
    SECTION("free space") {
        CHECK(there.say(put(1, "x", std::uint64_t{1} << 62)).lines == Lines{"NO 1 space"});
    }
}

TEST_CASE("A quota is given back by what fails and what never came, and kept by what is there") {
    Quota quota(10, 0);
    LoneReceiver there;
    there.rules.quota = &quota;
    there.say(put(1, "x", 10) + drop(1, "gone"));
    CHECK(quota.reserve(10));
    quota.give_back(10);
    there.say(put(2, "x", 5) + data(2, 0, "12345") + sum(2, "54321"));
    CHECK(quota.reserve(10));
    quota.give_back(10);
    there.say(put(3, "x", 10));
    there.connect();
    CHECK(quota.reserve(10));
    quota.give_back(10);
    there.say(file(1, "x", "12345") + sync_line);
    there.disconnect();
    CHECK_FALSE(quota.reserve(6));
    CHECK(quota.reserve(5));
}

TEST_CASE("What is reported of each file is what became of it") {
    LoneReceiver there;
    there.say(file(1, "a", "alpha") + sync_line);
    there.say(put(2, "a", 5) + put(3, "..", 7) + put(4, "b", 4) + data(4, 0, "beta") +
              sum(4, "????") + sync_line);
    REQUIRE(there.files.size() == 4);
    CHECK(there.files[0].name == "a");
    CHECK(there.files[0].bytes == 5);
    CHECK(there.files[0].outcome);
    CHECK(there.files[0].digests ==
          Digests{{DigestKind::sha256, hex_of(DigestKind::sha256, "alpha")}});
    CHECK(there.files[1].was_there);
    CHECK(there.files[1].bytes == 0);
    CHECK(there.files[2].outcome.error() == Errc::refused);
    CHECK(there.files[3].outcome.error() == Errc::corrupted);
}

}  // namespace netcopy::test
