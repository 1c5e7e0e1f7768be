#include "test/unit/session/copy_dialogue_fixture.hpp"

namespace netcopy::test {
namespace {

void add_small_tree(DialogueFixture& copy) {
    copy.add("empty", "");
    copy.add("a file", "hello\n");
    copy.add("deep/er/and deeper/x", noise(5000));
    copy.add(std::string("new\nline \\ and \xff\xfe"), "odd");
    std::filesystem::create_directories(copy.tree() / "nothing in it");
    std::filesystem::create_symlink("a file", copy.tree() / "link");
    std::filesystem::permissions(copy.tree() / "a file", std::filesystem::perms(0640));
}

bool says(const std::string& text, std::string_view word) {
    return text.find("\n" + std::string(word)) != std::string::npos || text.starts_with(word);
}

}  // namespace

TEST_CASE("A tree arrives as it was sent, with rights, times, links and empty folders") {
    DialogueFixture copy;
    add_small_tree(copy);
    const auto run = copy.run();
    CHECK_FALSE(run.talk.stalled);
    CHECK_FALSE(run.talk.error);
    CHECK(run.summary.failed == 0);
    CHECK(run.summary.sent == 5);
    CHECK(contents(copy.tree()) == contents(copy.there()));
}

TEST_CASE("A conversation does not depend on where its bytes are cut") {
    const auto cut = GENERATE(as<std::size_t>(), 1, 2, 7, 100, 4096);
    DialogueFixture copy;
    add_small_tree(copy);
    Talk talk;
    talk.cut = cut;
    talk.buffer = 16 * 1024;
    const auto run = copy.run(talk);
    CHECK_FALSE(run.talk.stalled);
    CHECK_FALSE(run.talk.error);
    CHECK(run.summary.failed == 0);
    CHECK(contents(copy.tree()) == contents(copy.there()));
}

TEST_CASE("What is there already is not sent again") {
    DialogueFixture copy;
    add_small_tree(copy);
    copy.run();
    const auto again = copy.run();
    CHECK(again.summary.same == 4);  // a link is made or found, both say DONE
    CHECK_FALSE(says(again.talk.from_a, "DATA"));
    CHECK_FALSE(says(again.talk.from_a, "SUM"));
    CHECK(contents(copy.tree()) == contents(copy.there()));
}

TEST_CASE("A connection that breaks at any byte leaves nothing wrong, and the next one ends it") {
    DialogueFixture whole;
    add_small_tree(whole);
    const std::size_t length = whole.run().talk.from_a.size();
    for (std::size_t cut = 0; cut < length; cut += 13) {
        DialogueFixture copy;
        add_small_tree(copy);
        Talk talk;
        talk.most_bytes = cut;
        const auto broken = copy.run(talk);
        REQUIRE(broken.talk.broken);
        REQUIRE(broken.summary.failed == 0);
        const auto sent = contents(copy.tree());
        if (std::filesystem::exists(copy.there())) {
            for (const auto& [name, content] : contents(copy.there())) {
                const auto path = copy.there() / name;
                INFO(name << " after " << cut << " bytes");
                REQUIRE(sent.contains(name));
                if (std::filesystem::is_regular_file(std::filesystem::symlink_status(path))) {
                    REQUIRE(content == sent.at(name));
                }
            }
        }
        const auto second = copy.run();
        REQUIRE(second.summary.failed == 0);
        REQUIRE(contents(copy.there()) == sent);
    }
}

TEST_CASE("A byte that is flipped anywhere on the way never gets anything wrong confirmed") {
    DialogueFixture whole;
    whole.add("a", "alpha");
    whole.add("b/c", "gamma");
    const std::string clean = whole.run().talk.from_a;
    for (std::size_t position = 0; position < clean.size(); ++position) {
        DialogueFixture copy;
        copy.add("a", "alpha");
        copy.add("b/c", "gamma");
        Talk talk;
        talk.flip = position;
        const auto run = copy.run(talk);
        if (!std::filesystem::exists(copy.there())) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(copy.there())) {
            if (!entry.is_regular_file()) continue;
            const auto name = entry.path().lexically_relative(copy.there());
            INFO("byte " << position);
            REQUIRE(std::filesystem::exists(copy.tree() / name));
            REQUIRE(read_file(entry.path()) == read_file(copy.tree() / name));
        }
    }
}

TEST_CASE("A large file goes on where the connection broke") {
    DialogueFixture copy;
    const std::string content = noise(5 << 20);
    copy.add("big", content);
    Talk talk;
    talk.most_bytes = 3'500'000;
    const auto broken = copy.run(talk);
    REQUIRE(broken.talk.broken);
    const auto second = copy.run();
    CHECK(second.summary.sent == 1);
    CHECK(second.bytes_sent() < content.size() - 3'500'000 + (1 << 20));
    CHECK(read_file(copy.there() / "big") == content);
    CHECK(contents(copy.tree()) == contents(copy.there()));
}

TEST_CASE("What the receiver has kept is read by both at the same time") {
    DialogueFixture copy;
    copy.add("big", noise(5 << 20));
    Talk talk;
    talk.most_bytes = 3'500'000;
    copy.run(talk);
    const auto second = copy.run();
    CHECK(second.talk.from_b.starts_with("KEPT 1 "));
    CHECK(says(second.talk.from_b, "WANT 1 "));
}

TEST_CASE("A kept part that is not the source's is thrown away") {
    DialogueFixture copy;
    const std::string content = noise(3 << 20);
    copy.add("big", content);
    Talk talk;
    talk.most_bytes = 2'500'000;
    copy.run(talk);
    const auto time = std::filesystem::last_write_time(copy.tree() / "big");
    std::string other = content;
    other[100] = static_cast<char>(other[100] + 1);
    write_file(copy.tree() / "big", other);
    std::filesystem::last_write_time(copy.tree() / "big", time);
    const auto second = copy.run();
    CHECK(second.summary.sent == 1);
    CHECK(second.bytes_sent() > content.size());
    CHECK(read_file(copy.there() / "big") == other);
}

TEST_CASE("Another file of the same name stays, unless the receiver is told to replace it") {
    DialogueFixture copy;
    copy.add("x", "new");
    std::filesystem::create_directories(copy.there());
    write_file(copy.there() / "x", "old content");
    SECTION("never") {
        const auto run = copy.run();
        CHECK(run.outcome("tree/x").error == Errc::refused);
        CHECK(read_file(copy.there() / "x") == "old content");
    }
    SECTION("always") {
        copy.rules.overwrite = Overwrite::always;
        CHECK(copy.run().summary.sent == 1);
        CHECK(read_file(copy.there() / "x") == "new");
    }
    SECTION("rename") {
        copy.rules.overwrite = Overwrite::rename;
        CHECK(copy.run().summary.sent == 1);
        CHECK(read_file(copy.there() / "x") == "old content");
        CHECK(read_file(copy.there() / "x (2)") == "new");
    }
    SECTION("newer, and it is") {
        copy.rules.overwrite = Overwrite::newer;
        CHECK(copy.run().summary.failed == 1);
        CHECK(read_file(copy.there() / "x") == "old content");
    }
}

TEST_CASE("Renamed copies are found again and not made twice") {
    DialogueFixture copy;
    copy.add("x", "new");
    std::filesystem::create_directories(copy.there());
    write_file(copy.there() / "x", "old");
    copy.rules.overwrite = Overwrite::rename;
    copy.run();
    const auto again = copy.run();
    CHECK(again.summary.same == 1);
    CHECK_FALSE(std::filesystem::exists(copy.there() / "x (3)"));
}

TEST_CASE(
    "With --timestamp always every file is stored anew, in its folder, with the time before it") {
    DialogueFixture copy;
    copy.add("below/x", "one");
    copy.rules.stamp = Stamp::always;
    const auto first = copy.run();
    CHECK(first.summary.sent == 1);
    CHECK_FALSE(std::filesystem::exists(copy.there() / "below/x"));
    copy.add("below/x", "two");
    const auto again = copy.run();
    CHECK(again.summary.sent == 1);
    const std::string stored = again.outcome("tree/below/x").stored_as;
    CHECK(stored.starts_with("tree/below/2"));
    CHECK(read_file(copy.target() / stored) == "two");
    CHECK(contents(copy.there() / "below").size() == 2);
}

TEST_CASE("A stamped name that would be too long is refused") {
    DialogueFixture copy;
    copy.add(std::string(250, 'x'), "one");
    copy.rules.stamp = Stamp::always;
    const auto run = copy.run();
    CHECK(run.summary.failed == 1);
    CHECK_FALSE(std::filesystem::exists(copy.there() / std::string(250, 'x')));
}

TEST_CASE("A file of equal size and content but another time counts as done, and gets the time") {
    DialogueFixture copy;
    copy.add("x", "same");
    std::filesystem::create_directories(copy.there());
    write_file(copy.there() / "x", "same");
    std::filesystem::last_write_time(
        copy.there() / "x", std::filesystem::file_time_type::clock::now() - std::chrono::hours(5));
    const auto run = copy.run();
    CHECK(run.summary.same == 1);
    CHECK_FALSE(says(run.talk.from_a, "DATA"));
    CHECK(contents(copy.tree()) == contents(copy.there()));
}

TEST_CASE("Comparing by digest finds what size and time hide") {
    DialogueFixture copy;
    copy.add("x", "one");
    copy.run();
    const auto time = std::filesystem::last_write_time(copy.there() / "x");
    write_file(copy.there() / "x", "two");
    std::filesystem::last_write_time(copy.there() / "x", time);
    CHECK(copy.run().summary.same == 1);
    copy.options.compare = true;
    copy.rules.overwrite = Overwrite::always;
    CHECK(copy.run().summary.sent == 1);
    CHECK(read_file(copy.there() / "x") == "one");
}

TEST_CASE("A source that changes after it was offered is reported, and nothing of it arrives") {
    DialogueFixture copy;
    copy.add("x", noise(2 << 20));
    copy.add("y", "fine");
    Talk talk;
    talk.after_offers = [&] { copy.add("x", noise(2 << 20, 7) + "more"); };
    const auto run = copy.run(talk);
    CHECK(run.outcome("tree/x").error == Errc::local_file);
    CHECK(run.outcome("tree/y").kind == CopyOutcome::Kind::sent);
    CHECK_FALSE(std::filesystem::exists(copy.there() / "x"));
}

TEST_CASE("A sparse file stays sparse and is the same") {
    DialogueFixture copy;
    const auto path = copy.tree() / "holes";
    write_file(path, "begin");
    std::filesystem::resize_file(path, 20 << 20);
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(10 << 20);
        file << "middle";
    }
    const auto run = copy.run();
    CHECK(run.summary.sent == 1);
    CHECK(run.bytes_sent() < 1 << 20);
    struct stat status {};
    REQUIRE(::stat((copy.there() / "holes").c_str(), &status) == 0);
    CHECK(status.st_blocks * 512 < 1 << 20);
    CHECK(contents(copy.tree()) == contents(copy.there()));
}

TEST_CASE("Asking sends nothing and makes nothing") {
    DialogueFixture copy;
    add_small_tree(copy);
    copy.options.ask = true;
    const auto run = copy.run();
    CHECK(run.summary.failed == 0);
    CHECK_FALSE(says(run.talk.from_a, "DATA"));
    CHECK_FALSE(std::filesystem::exists(copy.there()));
}

TEST_CASE("What cannot fit is refused before a byte of it comes") {
    Quota quota(5003, 0);
    DialogueFixture copy;
    copy.add("small", "1234");
    copy.add("large", noise(5000));
    SECTION("by --max-size") { copy.rules.max_size = 4999; }
    SECTION("by --quota") { copy.rules.quota = &quota; }
    const auto run = copy.run();
    CHECK(run.summary.failed == 1);
    CHECK(run.summary.first_failure == Errc::refused);
    CHECK(run.bytes_sent() < 5000 + 1000);
}

}  // namespace netcopy::test
