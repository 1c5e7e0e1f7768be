#include "app/verification.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <thread>

#include "crypto/digest.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

using namespace netcopy;
using namespace netcopy::app;

namespace {

/// A folder with a list of files, and what several threads make of it.
struct Fixture {
    test::TemporaryFolder folder;
    std::string list;
    std::map<std::string, std::string> said;  // name -> word

    void add(const std::string& name, const std::string& content) {
        std::ofstream(folder / name, std::ios::binary) << content;
        Digest digest(DigestKind::sha256);
        digest.update(as_bytes(content));
        list += manifest_line({digest.hex(), name});
    }
    void replace(const std::string& name, const std::string& content) const {
        std::ofstream(folder / name, std::ios::binary) << content;
    }

    /// What add_some() said last.
    Result<bool> run(Verification& work, int threads) {
        std::ofstream(folder / "list", std::ios::binary) << list;
        auto manifest = ManifestReader::open(folder / "list");
        REQUIRE(manifest);
        std::mutex mutex;
        const auto say = [&](const ManifestEntry& entry, const Verification::Outcome& outcome) {
            const std::lock_guard lock(mutex);
            said[entry.name] = outcome.word;
        };
        std::vector<std::thread> checkers;
        for (int i = 0; i < threads; ++i) checkers.emplace_back([&] { work.check_files(say); });
        Result<bool> more = true;
        while (more && *more) more = work.add_some(*manifest);
        work.end_of_list();
        for (std::thread& each : checkers) each.join();
        return more;
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "files that are as listed are counted, and nothing is said of them") {
    for (int i = 0; i < 5000; ++i) add("f" + std::to_string(i), std::to_string(i));
    Verification work(folder.path());
    REQUIRE(run(work, GENERATE(1, 4)));
    CHECK(said.empty());
    CHECK(work.counts().files == 5000);
    CHECK(work.counts().differ + work.counts().missing + work.counts().unreadable == 0);
    CHECK(work.progress().files == 5000);
    CHECK(work.progress().files_total == 5000);
    CHECK(work.progress().bytes == work.progress().total);
    CHECK_FALSE(work.progress().counting);
}

TEST_CASE_METHOD(Fixture, "a file that differs, is missing or cannot be read is said") {
    for (const char* name : {"good", "bad", "short", "gone", "folder"}) add(name, "12345");
    replace("bad", "12346");
    replace("short", "1234");
    std::filesystem::remove(folder / "gone");
    std::filesystem::remove(folder / "folder");
    std::filesystem::create_directory(folder / "folder");
    Verification work(folder.path());
    REQUIRE(run(work, 2));
    CHECK(said == std::map<std::string, std::string>{{"bad", "FAILED"},
                                                     {"short", "FAILED"},
                                                     {"gone", "missing"},
                                                     {"folder", "unreadable"}});
    CHECK(work.counts().files == 5);
    CHECK(work.counts().differ == 2);
    CHECK(work.counts().missing == 1);
    CHECK(work.counts().unreadable == 1);
}

TEST_CASE_METHOD(Fixture, "what stands before a malformed line is checked all the same") {
    add("bad", "1");
    replace("bad", "2");
    list += "nonsense\n";
    Verification work(folder.path());
    CHECK_FALSE(run(work, 2));
    CHECK(said.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a stop ends the reader and the checkers") {
    for (int i = 0; i < 40'000; ++i) list += manifest_line({std::string(64, '0'), "x"});
    std::ofstream(folder / "list", std::ios::binary) << list;
    auto manifest = ManifestReader::open(folder / "list");
    REQUIRE(manifest);
    Verification work(folder.path());
    std::thread reader([&] {
        for (bool more = true; more;) more = work.add_some(*manifest).value();
    });
    std::atomic<int> checked{0};
    std::thread checker([&] {
        work.check_files([&](const ManifestEntry&, const Verification::Outcome&) {
            ++checked;
            work.stop();
        });
    });
    reader.join();
    checker.join();
    CHECK(checked == 1);
}
