#include "test/unit/session/copy_receiver_fixture.hpp"

/// When a receiver says its words: batches, SYNC, END, STOP; and its rules for what is there.
namespace netcopy::test {
namespace {

std::vector<std::string> words(const std::string& verb, std::uint64_t first, std::uint64_t last,
                               const std::string& rest = {}) {
    Lines lines;
    for (std::uint64_t n = first; n <= last; ++n) {
        lines.push_back(verb + " " + std::to_string(n) + rest);
    }
    return lines;
}

}  // namespace

TEST_CASE("SYNC and END without anything that waits") {
    LoneReceiver there;
    CHECK(there.say(sync_line + sync_line).lines.empty());
    CHECK_FALSE(there.machine().finished());
    CHECK(there.say(end_line).lines == Lines{"BYE"});
    CHECK(there.machine().finished());
    CHECK(there.machine().peer_has_ended());
}

TEST_CASE("What comes after END is not taken") {
    LoneReceiver there;
    const auto answers = there.say(end_line + put(1, "x", 5) + end_line);
    CHECK(answers.lines == Lines{"BYE"});
    CHECK_FALSE(answers.broken);
}

TEST_CASE("END makes durable what waits, and says so before BYE") {
    LoneReceiver there;
    const auto answers = there.say(file(1, "d/x", "12345") + folder(2, "d") + end_line);
    CHECK(answers.lines == Lines{"WANT 1 0", "DONE 1", "DONE 2", "BYE"});
}

TEST_CASE("Files wait for others no longer than 200 ms, and for SYNC not at all") {
    LoneReceiver there;
    const auto before = Clock::now();
    CHECK(there.say(file(1, "x", "12345")).lines == Lines{"WANT 1 0"});
    CHECK_FALSE(std::filesystem::exists(there.root() / "x"));
    CHECK(there.machine().due() >= before + std::chrono::milliseconds(200));
    CHECK(there.machine().due() <= Clock::now() + std::chrono::milliseconds(200));
    // Another one does not put it off.
    const auto due = there.machine().due();
    there.say(file(2, "y", "12345"));
    CHECK(there.machine().due() == due);
    CHECK(there.wait() == Lines{"DONE 1", "DONE 2"});
    CHECK(there.machine().due() == Clock::time_point::max());
    CHECK(there.say(file(3, "z", "12345") + sync_line).lines == Lines{"WANT 3 0", "DONE 3"});
}

TEST_CASE("More files than a batch takes are confirmed before anybody asks") {
    LoneReceiver there;
    std::string said;
    constexpr std::uint64_t many = CommitBatch::most_files + 44;
    for (std::uint64_t n = 1; n <= many; ++n) said += file(n, std::to_string(n), "12345");
    auto lines = there.say(said).lines;
    std::erase_if(lines, [](const std::string& line) { return line.starts_with("WANT"); });
    CHECK(lines == words("DONE", 1, CommitBatch::most_files));
    CHECK(there.wait() == words("DONE", CommitBatch::most_files + 1, many));
    CHECK(there.names().size() == many);
}

TEST_CASE("More folders than a batch takes are confirmed before anybody asks") {
    LoneReceiver there;
    std::string said;
    for (std::uint64_t n = 1; n <= 300; ++n) said += folder(n, "d" + std::to_string(n));
    auto lines = there.say(said).lines;
    CHECK(lines.size() >= 256);
    const auto rest = there.wait();
    lines.insert(lines.end(), rest.begin(), rest.end());
    CHECK(lines == words("DONE", 1, 300));
}

TEST_CASE("A receiver that stops says so at once when nothing is under way") {
    LoneReceiver there;
    there.say(put(1, "x", 5));
    there.machine().stop();
    CHECK(there.say("").lines == Lines{"STOP"});
    CHECK(there.machine().finished());
    CHECK(there.say(data(1, 0, "12345")).lines.empty());
}

TEST_CASE(
    "A receiver that stops finishes the body that is coming in, and answers what is complete") {
    LoneReceiver there;
    there.say(file(1, "x", "12345") + put(2, "y", 5) + put(3, "z", 5) + data(2, 0, "123"));
    there.machine().stop();
    CHECK(there.say("").lines.empty());
    there.machine().stop();
    CHECK(there.say(data(2, 3, "45")).lines.empty());
    CHECK(there.say(sum(2, "12345")).lines == Lines{"DONE 1", "DONE 2", "STOP"});
    CHECK(there.machine().finished());
    CHECK(there.names() == Lines{"x", "y"});
}

TEST_CASE("BUSY is taken anywhere and means that the peer is alive") {
    LoneReceiver there;
    const std::string busy = wire::line_of(wire::CopyBusy{});
    const auto answers = there.say(busy + put(1, "x", 5) + busy + data(1, 0, "123") + busy +
                                   data(1, 3, "45") + busy + sum(1, "12345") + busy + end_line);
    CHECK(answers.lines == Lines{"WANT 1 0", "DONE 1", "BYE"});
    CHECK(there.machine().messages() == 10);
    CHECK(there.machine().sign_of_life() == busy);
}

TEST_CASE("What is only asked for is answered, and nothing is made") {
    LoneReceiver there;
    there.place("there", "12345");
    std::string said;
    for (std::uint64_t n = 1; const char* name : {"new", "there", ".."}) {
        auto asked = a_put(n++, name, 4);
        asked.ask = true;
        said += wire::line_of(asked);
    }
    CHECK(there.say(said + end_line).lines == Lines{"WANT 1 0", "NO 2 exists", "NO 3 name", "BYE"});
    CHECK(there.names() == Lines{"there"});
    CHECK(there.files.empty());
}

TEST_CASE("A file of equal size and another time is compared, and gets the time when it is equal") {
    LoneReceiver there;
    there.place("x", "12345");
    const std::string have = "HAVE 1 sha256=" + hex_of(DigestKind::sha256, "12345");
    CHECK(there.say(put(1, "x", 5)).lines == Lines{have});
    CHECK(there.say(keep(1)).lines == Lines{"SAME 1"});
    // Now size and time prove it.
    CHECK(there.say(put(2, "x", 5)).lines == Lines{"SAME 2"});
    // Unless the sender says that they do not.
    auto compared = a_put(3, "x", 5);
    compared.compare = true;
    CHECK(there.say(wire::line_of(compared)).lines[0].starts_with("HAVE 3 sha256="));
    CHECK(there.say(other(3)).lines == Lines{"NO 3 exists"});
}

TEST_CASE("The first digest that was agreed on is the one that is compared") {
    LoneReceiver there;
    there.connect({DigestKind::crc32, DigestKind::sha256});
    there.place("x", "12345");
    CHECK(there.say(put(1, "x", 5)).lines ==
          Lines{"HAVE 1 crc32=" + hex_of(DigestKind::crc32, "12345")});
}

TEST_CASE("OTHER is answered as the rule for existing files says") {
    LoneReceiver there;
    there.place("x", "12345");
    auto offered = a_put(1, "x", 5);
    offered.compare = true;
    Lines expected{"NO 1 exists"};
    SECTION("never") { there.rules.overwrite = Overwrite::never; }
    SECTION("always") {
        there.rules.overwrite = Overwrite::always;
        expected = {"WANT 1 0"};
    }
    SECTION("newer, and what is there is newer") { there.rules.overwrite = Overwrite::newer; }
    SECTION("newer, and what is there is older") {
        there.rules.overwrite = Overwrite::newer;
        offered.mtime = {4'000'000'000, 0};
        expected = {"WANT 1 0"};
    }
    SECTION("rename") {
        there.rules.overwrite = Overwrite::rename;
        expected = {"WANT 1 0"};
    }
    there.say(wire::line_of(offered));
    CHECK(there.say(other(1)).lines == expected);
}

TEST_CASE("A folder or link that merely looks like a renamed copy is none") {
    LoneReceiver there;
    there.rules.overwrite = Overwrite::rename;
    there.place("x", "another");
    there.say(link(1, "x (2)", "abcde") + sync_line);
    CHECK(there.say(put(2, "x", 5)).lines == Lines{"WANT 2 0"});
    CHECK(there.say(data(2, 0, "12345") + sum(2, "12345") + sync_line).lines ==
          Lines{"DONE 2 x\\x20(3)"});
    CHECK(there.content("x (3)") == "12345");
    REQUIRE_FALSE(there.files.empty());
    CHECK(there.files.back().name == "x (3)");
}

}  // namespace netcopy::test
