#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "test/unit/session/shared_folder_fixture.hpp"

using namespace netcopy;
using namespace netcopy::test;

namespace {

namespace fs = std::filesystem;

/// Other programs at work in a shared folder. Contents have the same size, and mostly the same
/// time.
class Others {
public:
    Others(SharedFixture& of, std::uint32_t seed) : of_(of), random_(seed) {}

    void act() {
        const fs::path a = of_.folder / name();
        const fs::path b = of_.folder / name();
        std::error_code failed;  // there may be no such file
        switch (pick(8)) {
            case 0:
                return write_file(a, content());
            case 1:
                return write_old_file(a, content());
            case 2:
            case 3:
                return fs::rename(a, b, failed);
            case 4:
                ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
                return;
            case 5:
                fs::remove(a, failed);
                return;
            case 6:
                return move_in(a);
            default:
                return upload(a);
        }
    }

private:
    std::uint_fast32_t pick(std::uint32_t count) { return random_() % count; }
    std::string name() { return "name " + std::to_string(pick(12)); }
    std::string content() { return "content " + std::to_string(100 + pick(50)); }
    void move_in(const fs::path& to) {
        write_old_file(elsewhere_ / "file", content());
        fs::rename(elsewhere_ / "file", to);
    }
    /// As a session does it.
    void upload(const fs::path& to) {
        const std::string bytes = content();
        write_old_file(of_.folder / ".up.netcopy-0123456789abcdef", bytes);
        fs::rename(of_.folder / ".up.netcopy-0123456789abcdef", to);
        of_.shared->learn(to.filename(), bytes.size(), digests_of(bytes));
    }

    SharedFixture& of_;
    TemporaryFolder elsewhere_;
    std::mt19937 random_;
};

/// What in the list is not what lies in the folder.
std::string difference(const SharedFixture& of) {
    std::string all;
    Names there = of.folder.names();
    std::erase(there, std::string(SharedFolder::own_folder));
    for (const std::string& name : there) {
        const auto listed = of.shared->find(name);
        if (!listed) all += "missing: " + name + "; ";
        if (listed && listed->md5 != md5_of(read_file(of.folder / name))) {
            all += "wrong: " + name +
                   ", links: " + std::to_string(fs::hard_link_count(of.folder / name)) + "; ";
        }
    }
    for (const std::string& name : of.names()) {
        if (std::ranges::find(there, name) == there.end()) all += "gone: " + name + "; ";
    }
    return all;
}

}  // namespace

TEST_CASE("whatever other programs do, in the end the list is right, and so is the index") {
    const std::uint32_t seed = std::random_device()();
    INFO("seed " << seed);
    SharedFixture of;
    of.times.quiet = 100ms;
    Others others(of, seed);
    of.start();
    for (int round = 0; round < 8; ++round) {
        std::atomic<bool> done = false;
        std::thread thread([&] {
            for (int i = 0; i < 150; ++i) {
                others.act();
                if (i % 10 == 0) std::this_thread::yield();
            }
            done = true;
        });
        of.loop.run_until([&] { return done.load(); });
        thread.join();
        const auto end = Clock::now() + Loop::patience;
        of.loop.run_until([&] { return difference(of).empty() || Clock::now() > end - 1s; });
        REQUIRE(difference(of) == "");
    }
    of.rest();
    CHECK(difference(of) == "");
    of.restart();
    of.rest();
    CHECK(difference(of) == "");
}
