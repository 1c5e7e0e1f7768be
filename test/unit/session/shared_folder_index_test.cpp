#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/detached.hpp>
#include <csignal>

#include "test/unit/sample.hpp"
#include "test/unit/session/shared_folder_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

namespace fs = std::filesystem;

std::string run_sql(const fs::path& database, const std::string& statement) {
    return "python3 -c \"import sqlite3; c = sqlite3.connect('" + database.string() +
           "'); c.execute('" + statement + "'); c.commit()\"";
}

}  // namespace

TEST_CASE("the index lies in a folder that is only our user's") {
    SharedFixture of;
    write_old_file(of.folder / "a", "x");
    of.start();
    of.rest();
    struct stat status {};
    REQUIRE(::stat((of.folder / ".netcopy").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    CHECK(fs::exists(of.folder / ".netcopy/index.db"));
}

TEST_CASE("an index that is missing, broken or of another version is made anew") {
    const auto damage = GENERATE(as<std::string>(), "missing", "empty", "garbage", "cut short",
                                 "pages overwritten", "another version", "not ours");
    INFO(damage);
    SharedFixture of;
    for (int i = 0; i < 300; ++i) write_old_file(of.folder / std::to_string(i), std::to_string(i));
    of.start();
    of.rest();
    const std::uint64_t bytes = of.hashed();
    of.stop();
    of.shared.reset();
    const fs::path database = of.folder / ".netcopy/index.db";
    std::string content = read_file(database);
    REQUIRE(content.size() > 20'000);
    if (damage == "missing") fs::remove(database);
    if (damage == "empty") fs::resize_file(database, 0);
    if (damage == "garbage") write_file(database, std::string(5000, 'x'));
    if (damage == "cut short") fs::resize_file(database, content.size() / 2);
    if (damage == "pages overwritten") {
        for (std::size_t i = 4096; i < content.size(); ++i) content[i] = static_cast<char>(i * 7);
        write_file(database, content);
    }
    if (damage == "another version") {
        REQUIRE(std::system(run_sql(database, "pragma user_version = 99").c_str()) == 0);
    }
    if (damage == "not ours") {
        fs::remove(database);
        REQUIRE(std::system(run_sql(database, "create table t(x)").c_str()) == 0);
    }
    const std::string broken = fs::exists(database) ? read_file(database) : "";
    for (int start = 0; start < 2; ++start) {
        INFO(start);
        of.start();
        of.rest();
        CHECK(of.hashed() == (start == 0 ? bytes : 0));
        CHECK(of.shared->count() == 300);
        CHECK(of.shared->find("7")->md5 == md5_of("7"));
        CHECK(read_file(of.folder / "7") == "7");
        of.stop();
        of.shared.reset();
    }
    const bool aside = damage != "missing" && damage != "empty";
    CHECK(fs::exists(of.folder / ".netcopy/index.db.broken") == aside);
    if (aside) CHECK(read_file(of.folder / ".netcopy/index.db.broken") == broken);
}

TEST_CASE("digests in the index that are none are not believed") {
    SharedFixture of;
    write_old_file(of.folder / "a", "hello\n");
    of.start();
    of.rest();
    of.stop();
    of.shared.reset();
    REQUIRE(std::system(
                run_sql(of.folder / ".netcopy/index.db", "update files set md5 = 12345").c_str()) ==
            0);
    of.start();
    of.await("a", "hello\n");
    CHECK(of.hashed() == 6);
}

TEST_CASE("where no index can be kept files are shared all the same") {
    const auto obstacle = GENERATE(as<std::string>(), "file", "link", "quotation mark");
    INFO(obstacle);
    SharedFixture of;
    TemporaryFolder elsewhere;
    if (obstacle == "file") write_file(of.folder / ".netcopy", "mine");
    if (obstacle == "link") fs::create_symlink(elsewhere.path(), of.folder / ".netcopy");
    fs::path path = of.folder.path();
    if (obstacle == "quotation mark") {
        path /= "say \"hi\"";
        fs::create_directory(path);
    }
    write_old_file(path / "a", "hello\n");
    auto opened = SharedFolder::open(path, of.loop.executor(), of.disk(), of.times);
    REQUIRE(opened);
    of.shared = std::move(*opened);
    of.running = of.loop.start(of.shared->run());
    of.await("a", "hello\n");
    of.rest();
    CHECK(of.names() == Names{"a"});
    CHECK(elsewhere.names().empty());  // nothing is written through the link
    if (obstacle == "file") CHECK(read_file(of.folder / ".netcopy") == "mine");
}

TEST_CASE("what is removed is removed from the index") {
    SharedFixture of;
    write_old_file(of.folder / "a", "hello\n");
    write_old_file(of.folder / "b", "b");
    of.start();
    of.rest();
    fs::remove(of.folder / "a");
    of.await_gone("a");
    of.rest();
    of.stop();
    of.shared.reset();
    const std::string count = "python3 -c \"import sqlite3, sys; c = sqlite3.connect('" +
                              (of.folder / ".netcopy/index.db").string() +
                              "'); sys.exit(c.execute('select count(*) from "
                              "files').fetchone()[0])\"";
    const int status = std::system(count.c_str());
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("a process that is killed while it hashes leaves an index that is right") {
    SharedFixture of;
    constexpr int count = 3000;
    for (int i = 0; i < count; ++i) {
        write_old_file(of.folder / std::to_string(i), sample(static_cast<std::size_t>(i)));
    }
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        asio::io_context io;
        DiskPool disk(1);
        auto opened = SharedFolder::open(of.folder.path(), io.get_executor(), disk, of.times);
        if (!opened) ::_exit(1);
        const auto& shared = *opened;
        asio::co_spawn(io, shared->run(), asio::detached);
        while (shared->count() < count / 2) io.run_one();
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    of.start();
    of.rest();
    CHECK(of.shared->count() == count);
    for (int i = 0; i < count; i += 97) {
        CHECK(of.shared->find(std::to_string(i))->md5 ==
              md5_of(sample(static_cast<std::size_t>(i))));
    }
    of.restart();
    of.rest();
    CHECK(of.hashed() == 0);
}
