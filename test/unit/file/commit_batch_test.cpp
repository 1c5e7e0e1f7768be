#include <fcntl.h>
#include <sys/resource.h>

#include "test/unit/file/tree_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

IncomingPlan existing_plan(Existing existing) {
    IncomingPlan plan = plan_of(0);
    plan.existing = existing;
    return plan;
}

}  // namespace

TEST_CASE("batches of every size give each file its name and answer in order") {
    for (const std::size_t count :
         {std::size_t{1}, std::size_t{4}, std::size_t{5}, CommitBatch::most_files}) {
        TreeFixture at;
        CommitBatch batch;
        for (std::size_t i = 0; i < count; ++i) {
            const std::string path =
                "folder" + std::to_string(i % 20) + "/file" + std::to_string(i);
            batch.add(1000 + i, at.written(path, path, plan_of(0)));
        }
        CHECK(batch.files() == count);
        CHECK(batch.bytes() > count * 10);
        const auto outcomes = batch.commit();
        REQUIRE(outcomes.size() == count);
        CHECK(batch.files() == 0);
        CHECK(batch.bytes() == 0);
        for (std::size_t i = 0; i < count; ++i) {
            CHECK(outcomes[i].tag == 1000 + i);
            REQUIRE(outcomes[i].name);
            CHECK(*outcomes[i].name == "file" + std::to_string(i));
            const std::string path =
                "folder" + std::to_string(i % 20) + "/file" + std::to_string(i);
            CHECK(read_file(at.root / path) == path);
        }
        CHECK(at.tree.sync_folders());
    }
}

TEST_CASE("small and large files share a batch") {
    TreeFixture at;
    CommitBatch batch;
    const std::string large = sample(3 << 20);
    for (int i = 0; i < 6; ++i) {
        const std::string number = std::to_string(i);
        batch.add(0, at.written("small" + number, "text", plan_of(0)));
        batch.add(0, at.written("large" + number, large, plan_of(0)));
    }
    for (const auto& outcome : batch.commit()) CHECK(outcome.name);
    CHECK(at.names().size() == 12);
    CHECK((read_file(at.root / "large5") == large));
}

TEST_CASE(
    "a batch that is let go leaves no final name, and of large files what can be gone on with") {
    TreeFixture at;
    {
        CommitBatch batch;
        batch.add(1, at.written("small", "text", plan_of(0)));
        batch.add(2, at.written("large", sample(3 << 20), plan_of(0)));
    }
    const Names names = at.names();
    REQUIRE(names.size() == 2);
    CHECK(names[0].starts_with(".large.netcopy-"));
}

TEST_CASE("an empty batch has nothing to say") {
    CommitBatch batch;
    CHECK(batch.commit().empty());
}

TEST_CASE("a name that was taken meanwhile is kept, and the newcomer refused without a trace") {
    for (const std::size_t size : {std::size_t{5}, std::size_t{2} << 20}) {
        TreeFixture at;
        IncomingFile file = at.written("name", sample(size), plan_of(0));
        write_file(at.root / "name", "older");
        check_error(at.commit(std::move(file)), Errc::refused, "name");
        CHECK(at.names() == Names{"name"});
        CHECK(read_file(at.root / "name") == "older");
    }
}

TEST_CASE("with same_bytes_once equal bytes are stored once, whatever their time") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{2} << 20}) {
        INFO(size << " bytes");
        TreeFixture at;
        const auto put = [&](const std::string& content, std::int64_t seconds) {
            IncomingPlan plan = existing_plan(Existing::rename);
            plan.same_bytes_once = true;
            plan.mtime.seconds = seconds;
            CommitBatch batch;
            batch.add(1, at.written("a.txt", content, plan));
            auto outcomes = batch.commit();
            REQUIRE(outcomes.front().name);
            return std::pair(*outcomes.front().name, outcomes.front().was_there);
        };
        const std::string one = sample(size);
        const std::string other = one + "!";
        CHECK(put(one, 1) == std::pair(std::string("a.txt"), false));
        CHECK(put(one, 2) == std::pair(std::string("a.txt"), true));
        CHECK(put(other, 3) == std::pair(std::string("a (2).txt"), false));
        CHECK(put(other, 4) == std::pair(std::string("a (2).txt"), true));
        CHECK(at.names() == Names{"a (2).txt", "a.txt"});
        const bool kept = read_file(at.root / "a.txt") == one;
        CHECK(kept);
    }
}

TEST_CASE("with rename the newcomer gets the first number that is free") {
    for (const std::size_t size : {std::size_t{5}, std::size_t{2} << 20}) {
        TreeFixture at;
        const std::string content = sample(size);
        CHECK(at.put("a.txt", content, Existing::rename).value() == "a.txt");
        CHECK(at.put("a.txt", content + "2", Existing::rename).value() == "a (2).txt");
        write_file(at.root / "a (3).txt", "another's");
        CHECK(at.put("a.txt", content + "4", Existing::rename).value() == "a (4).txt");
        CHECK(at.put("a.txt", content, Existing::rename).value() == "a.txt");  // once more
        CHECK(at.names() == Names{"a (2).txt", "a (3).txt", "a (4).txt", "a.txt"});
        CHECK((read_file(at.root / "a (4).txt") == content + "4"));
        CHECK(read_file(at.root / "a (3).txt") == "another's");
    }
}

TEST_CASE("two files of one name in one batch do not replace each other") {
    TreeFixture at;
    CommitBatch batch;
    const IncomingPlan plan = existing_plan(Existing::rename);
    for (const char* content : {"first", "second", "third"}) {
        batch.add(0, at.written("name", content, plan));
    }
    const auto outcomes = batch.commit();
    CHECK(outcomes[0].name.value() == "name");
    CHECK(outcomes[1].name.value() == "name (2)");
    CHECK(outcomes[2].name.value() == "name (3)");
    CHECK(read_file(at.root / "name (3)") == "third");
}

TEST_CASE("with replace the newcomer takes the name, and who has the older one open reads on") {
    for (const std::size_t size : {std::size_t{5}, std::size_t{2} << 20}) {
        TreeFixture at;
        write_file(at.root / "name", "older");
        std::ifstream reader(at.root / "name");
        const std::string content = sample(size);
        REQUIRE(at.put("name", content, Existing::replace));
        CHECK((read_file(at.root / "name") == content));
        std::string line;
        std::getline(reader, line);
        CHECK(line == "older");
        CHECK(at.names() == Names{"name"});
    }
}

TEST_CASE("a link of that name is replaced itself, and what it leads to stays") {
    for (const std::size_t size : {std::size_t{5}, std::size_t{2} << 20}) {
        TreeFixture at;
        write_file(at.outside / "victim", "victim");
        std::filesystem::create_symlink(at.outside / "victim", at.root / "name");
        REQUIRE(at.put("name", sample(size), Existing::replace));
        CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(at.root / "name")));
        CHECK(read_file(at.outside / "victim") == "victim");

        std::filesystem::create_symlink(at.outside / "nothing", at.root / "kept");
        check_error(at.put("kept", sample(size), Existing::keep), Errc::refused);
        CHECK(at.put("kept", sample(size), Existing::rename).value() == "kept (2)");
        CHECK_FALSE(std::filesystem::exists(at.outside / "nothing"));
    }
}

TEST_CASE("a folder or a pipe of that name is never replaced") {
    for (const std::size_t size : {std::size_t{5}, std::size_t{2} << 20}) {
        TreeFixture at;
        std::filesystem::create_directory(at.root / "folder");
        REQUIRE(::mkfifo((at.root / "pipe").c_str(), 0600) == 0);
        check_error(at.put("folder", sample(size), Existing::replace), Errc::refused, "folder");
        check_error(at.put("pipe", sample(size), Existing::replace), Errc::refused, "pipe");
        CHECK(at.names() == Names{"folder", "pipe"});
    }
}

TEST_CASE("one file that fails does not hold up the others of its batch") {
    TreeFixture at;
    CommitBatch batch;
    for (int i = 0; i < 6; ++i) {
        batch.add(0, at.written("name" + std::to_string(i), "text", plan_of(0)));
    }
    write_file(at.root / "name3", "older");
    const auto outcomes = batch.commit();
    for (std::size_t i = 0; i < 6; ++i) CHECK(outcomes[i].name.has_value() == (i != 3));
    CHECK(at.names().size() == 6);
}

TEST_CASE("a folder that was moved away while its files were in the making gets none") {
    for (const int count : {1, 6}) {
        TreeFixture at;
        CommitBatch batch;
        for (int i = 0; i < count; ++i) {
            batch.add(0, at.written("folder/name" + std::to_string(i), "text", plan_of(0)));
        }
        batch.add(0, at.written("stays/name", "text", plan_of(0)));
        std::filesystem::rename(at.root / "folder", at.outside / "folder");
        const auto outcomes = batch.commit();
        for (int i = 0; i < count; ++i) {
            check_error(outcomes[static_cast<std::size_t>(i)].name, Errc::refused, "folder");
        }
        CHECK(outcomes.back().name);
        CHECK(std::filesystem::is_empty(at.outside / "folder"));
        // And the next attempt finds the way anew.
        REQUIRE(at.put("folder/name0", "text"));
        CHECK(read_file(at.root / "folder/name0") == "text");
    }
}

TEST_CASE("when no more files can be opened the error says so, and a commit makes room") {
    TreeFixture at;
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int next = ::dup(0);
    REQUIRE(next >= 0);
    ::close(next);
    struct rlimit few = before;
    few.rlim_cur = static_cast<rlim_t>(next) + 8;
    REQUIRE(at.put("folder/first", "text"));  // its folder is open now
    CommitBatch batch;
    std::optional<Error> error;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    for (std::uint64_t i = 0; i < 20 && !error; ++i) {
        auto file = at.tree.create("folder/name" + std::to_string(i), plan_of(0));
        if (!file) {
            error = file.error();
        } else if (file->finish(0)) {
            batch.add(i, std::move(*file));
        }
    }
    const auto outcomes = batch.commit();
    const auto after = at.tree.create("folder/last", plan_of(0));
    const auto large = at.tree.create("folder/large", plan_of(resumable_size));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE(error);
    INFO(error->context);
    CHECK(is_out_of_descriptors(*error));
    CHECK(outcomes.size() >= 3);
    for (const auto& outcome : outcomes) CHECK(outcome.name);
    CHECK(after);
    CHECK(large);
}
