#include "session/copy_sender.hpp"

#include <map>

#include "file/crc64.hpp"
#include "test/unit/sample.hpp"
#include "test/unit/session/copy_receiver_fixture.hpp"

/// A sender among hostile receivers. What is right is in docs/protocol/copy.md.
namespace netcopy::test {
namespace {

/// A sender of one small tree, to which a test answers as it likes.
struct LoneSender {
    TemporaryFolder folder;
    TreeProgress progress;
    std::map<std::string, CopyOutcome> outcomes;
    CopySenderOptions options;
    std::optional<CopyQueue> queue;
    std::optional<CopySender> machine;
    std::optional<Error> error;

    void add(const std::string& name, std::string_view content) const {
        std::filesystem::create_directories((folder / name).parent_path());
        write_file(folder / name, content);
    }
    void start() {
        queue.emplace(TreeWalk({folder.path() / "."}, WalkOptions{true, true, {}}), progress,
                      [this](const CopyItem& item, const CopyOutcome& outcome) {
                          outcomes[item.name] = outcome;
                      });
        machine.emplace(*queue, options, "peer", nullptr);
    }
    /// What it says now, of a buffer of this size.
    std::string hear(std::size_t size = 64 * 1024) {
        if (!machine) start();
        std::vector<std::byte> buffer(size);
        std::string text;
        for (;;) {
            for (int i = 0; machine->busy(); ++i) {
                REQUIRE(i < 1000);
                REQUIRE(machine->work());
            }
            const auto made = machine->produce(buffer);
            REQUIRE(made);
            if (*made == 0 && !machine->busy()) return text;
            text += as_text(Bytes(buffer).first(*made));
        }
    }
    /// Answers, and says what the sender says to that; nothing once it has ended in an error.
    std::string say(std::string_view answers) {
        Bytes rest = as_bytes(answers);
        std::string text = hear();
        while (!rest.empty()) {
            const auto taken = machine->consume(rest);
            if (!taken) {
                error = taken.error();
                return {};
            }
            rest = rest.subspan(*taken);
            text += hear();
            if (*taken == 0) break;
        }
        return text;
    }
};

template <class Message>
std::string line(Message message) {
    return wire::line_of(message);
}
std::string kept(std::uint64_t n, std::uint64_t offset) { return line(wire::CopyKept{n, offset}); }
std::string want(std::uint64_t n) { return line(wire::CopyWant{n, 0, 0}); }
std::string no(std::uint64_t n, const char* code) { return line(wire::CopyNo{n, code, "why"}); }
std::string done(std::uint64_t n) {
    wire::CopyDone message;
    message.n = n;
    return line(message);
}
std::string same(std::uint64_t n) {
    wire::CopySame message;
    message.n = n;
    return line(message);
}
std::string have(std::uint64_t n, std::string_view content) {
    return line(wire::CopyHave{n, {"sha256", hex_of(DigestKind::sha256, content)}});
}

}  // namespace

TEST_CASE(
    "A receiver that breaks the protocol is left, and nothing counts that it did not confirm") {
    const std::vector<std::pair<const char*, std::string>> breaches{
        {"an answer to what was not asked", want(2)},
        {"the word for what was not sent", done(1)},
        {"wanting twice", want(1) + want(1)},
        {"equality after wanting", want(1) + same(1)},
        {"a digest after wanting", want(1) + have(1, "12345")},
        {"the word twice", want(1) + done(1) + done(1)},
        {"to have kept more than there is", kept(1, 6)},
        {"to have kept what it wants", want(1) + kept(1, 5)},
        {"refusing twice", no(1, "exists") + no(1, "exists")},
        {"refusing what was never offered", no(7, "exists")},
        {"the end of it all", no(0, "protocol")},
        {"good-bye too early", line(wire::CopyBye{})},
        {"a request", wire::line_of(wire::CopySync{})},
        {"something else", "hello\n"},
        {"a line that does not end", std::string(wire::copy_line_limit, 'x')},
    };
    for (const auto& [what, answers] : breaches) {
        INFO(what);
        LoneSender at;
        at.add("x", "12345");
        at.say(answers);
        REQUIRE(at.error);
        CHECK((*at.error == Errc::protocol || *at.error == Errc::connection_lost));
        at.machine.reset();
        const bool settled = at.outcomes.contains("x");
        CHECK(at.queue->finished() == settled);  // else it is offered to the next one
        if (settled) CHECK(answers.size() > 40);
    }
}

TEST_CASE("The words of a receiver that ends the conversation are passed on, escaped") {
    LoneSender at;
    at.add("x", "12345");
    at.say(line(wire::CopyNo{0, "protocol", "no\x1b[31m"}));
    REQUIRE(at.error);
    CHECK(at.error->context.find("no\\x1b[31m") != std::string::npos);
}

TEST_CASE("A file that the receiver claims to have is not taken for the same unless it is") {
    LoneSender at;
    at.add("x", "12345");
    SECTION("equal") {
        CHECK(at.say(have(1, "12345")).find("KEEP 1") != std::string::npos);
        at.say(same(1));
        CHECK(at.outcomes.at("x").kind == CopyOutcome::Kind::same);
    }
    SECTION("another") {
        CHECK(at.say(have(1, "54321")).find("OTHER 1") != std::string::npos);
        at.say(no(1, "exists"));
        CHECK(at.outcomes.at("x").error == Errc::refused);
    }
    SECTION("a digest of another kind than ours") {
        const std::string theirs = line(wire::CopyHave{1, {"crc32", "00000000"}});
        CHECK(at.say(theirs).find("OTHER 1") != std::string::npos);
    }
}

TEST_CASE("What the receiver may have kept need not be what it goes on with") {
    const std::string content = sample(3 << 20);
    const auto from = [&](std::uint64_t offset) {
        return line(wire::CopyWant{1, offset, crc64(0, as_bytes(content).first(offset))});
    };
    LoneSender at;
    at.add("x", content);
    std::string said;
    std::string begin = "DATA 1 ";
    SECTION("all of it is there") {
        said = at.say(kept(1, 2 << 20) + from(2 << 20));
        begin += "2097152 ";
    }
    SECTION("less is there") {
        said = at.say(kept(1, 2 << 20) + from(1 << 20));
        begin += "1048576 ";
    }
    SECTION("more is there") {
        said = at.say(kept(1, 1 << 20) + from(2 << 20));
        begin += "2097152 ";
    }
    SECTION("it is something else") {
        said = at.say(kept(1, 2 << 20) + line(wire::CopyWant{1, 2 << 20, 12345}));
        begin += "0 ";
    }
    SECTION("nothing is there after all") {
        said = at.say(kept(1, 2 << 20) + want(1));
        begin += "0 ";
    }
    CHECK_FALSE(at.error);
    const std::size_t data = said.find("\nDATA ");
    REQUIRE(data != std::string::npos);
    CHECK(said.substr(data + 1, begin.size()) == begin);
}

TEST_CASE("A file that was kept and is refused after all is not sent") {
    LoneSender at;
    at.add("x", sample(2 << 20));
    const std::string said = at.say(kept(1, 1 << 20) + no(1, "exists"));
    CHECK_FALSE(at.error);
    CHECK(said.find("DATA") == std::string::npos);
    CHECK(said.find("DROP") == std::string::npos);
    CHECK(at.outcomes.at("x").kind == CopyOutcome::Kind::failed);
}

TEST_CASE("What was refused in the middle of its body is given up, and the next one sent") {
    LoneSender at;
    at.add("x", std::string(300'000, 'x'));
    at.start();
    std::vector<std::byte> buffer(16 * 1024);
    REQUIRE(at.machine->produce(buffer));
    REQUIRE(at.machine->consume(as_bytes(want(1))));
    REQUIRE(at.machine->produce(buffer));  // a part of the body
    REQUIRE(at.machine->consume(as_bytes(no(1, "quota"))));
    const std::string rest = at.hear();
    CHECK(rest.find("DROP 1 stopped") != std::string::npos);
    CHECK(rest.find("SUM 1") == std::string::npos);
    CHECK(at.outcomes.at("x").error == Errc::refused);
    CHECK(rest.find("END") != std::string::npos);
}

TEST_CASE(
    "A file that is busy there is offered again later, and one that was corrupted once more") {
    LoneSender at;
    at.add("x", "12345");
    SECTION("busy") { at.say(no(1, "busy")); }
    SECTION("corrupted") { at.say(want(1) + no(1, "corrupted")); }
    CHECK_FALSE(at.error);
    CHECK(at.outcomes.empty());
    CHECK(at.machine->due() == at.queue->next_retry());
    CHECK(at.machine->due() < Clock::now() + std::chrono::seconds(1));
}

TEST_CASE("A try that is due is not work while there is something to be sent") {
    LoneSender at;
    at.add("x", "12345");
    at.add("y", std::string(4 << 20, 'y'));
    at.start();
    std::vector<std::byte> buffer(32 * 1024);
    REQUIRE(at.machine->produce(buffer));
    const bool first_is_x = as_text(buffer).substr(0, 60).find(" 5 ") != std::string::npos;
    REQUIRE(at.machine->consume(as_bytes(no(first_is_x ? 1 : 2, "busy"))));
    REQUIRE(at.machine->consume(as_bytes(want(first_is_x ? 2 : 1))));
    REQUIRE(at.machine->produce(buffer));
    CHECK(at.machine->due() == Clock::time_point::max());
}

TEST_CASE("What has no final answer when the connection goes is given back") {
    LoneSender at;
    at.add("a", "12345");
    at.add("b", "12345");
    at.say(want(1) + want(2));
    at.machine.reset();
    CHECK(at.outcomes.empty());
    CHECK(at.queue->has_more());
    CHECK(at.progress.bytes == 0);
    at.machine.emplace(*at.queue, at.options, "peer", nullptr);
    const std::string again = at.hear();
    CHECK(again.find("PUT 1 ") != std::string::npos);
    CHECK(again.find("PUT 2 ") != std::string::npos);
}

}  // namespace netcopy::test
