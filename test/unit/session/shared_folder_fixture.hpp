#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/shared_folder.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"

namespace netcopy::test {

/// MD5 and SHA-256 of a content, as a client would compute them.
inline Digests digests_of(std::string_view content) {
    DigestSet set({DigestKind::md5, DigestKind::sha256});
    set.update(as_bytes(content));
    return set.finish();
}

inline std::string md5_of(std::string_view content) { return digests_of(content)[0].second; }
inline std::string sha256_of(std::string_view content) { return digests_of(content)[1].second; }

/// As if it had been written long ago.
inline void age(const std::filesystem::path& path, std::int64_t seconds = 1'700'000'000) {
    const timespec time{seconds, 123'456'789};
    const std::array<timespec, 2> times{time, time};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) == 0);
}

inline void write_old_file(const std::filesystem::path& path, std::string_view content) {
    write_file(path, content);
    age(path);
}

/// A folder that is shared, with short waits.
struct SharedFixture {
    TemporaryFolder folder;
    Loop loop;
    std::optional<DiskPool> pool;  // made when it is needed: a test may fork before
    SharedFolderTimes times{.grace = 5ms, .quiet = 2000ms, .write = 20ms, .gather = 2ms, .now = {}};
    std::unique_ptr<SharedFolder> shared;
    std::shared_ptr<Running<void>> running;

    ~SharedFixture() { stop(); }

    DiskPool& disk() { return pool ? *pool : pool.emplace(2); }

    void open() {
        auto opened = SharedFolder::open(folder.path(), loop.executor(), disk(), times);
        REQUIRE(opened);
        shared = std::move(*opened);
    }
    void start() {
        open();
        running = loop.start(shared->run());
    }
    void stop() {
        if (!running) return;
        shared->stop();
        loop.finish(running);
        running.reset();
    }
    void restart() {
        stop();
        shared.reset();
        start();
    }

    /// Until what is known is hashed and written.
    void rest() {
        loop.run_until([&] { return shared->at_rest(); });
    }
    /// Until a file of that name and content is listed.
    void await(const std::string& name, std::string_view content) {
        const std::string md5 = md5_of(content);
        loop.run_until([&] {
            const auto file = shared->find(name);
            return file && file->md5 == md5;
        });
    }
    void await_gone(const std::string& name) {
        loop.run_until([&] { return !shared->find(name); });
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const SharedFile& file : shared->page("", SIZE_MAX)) all.push_back(file.name);
        return all;
    }
    /// Bytes that were read to be hashed since open().
    std::uint64_t hashed() const { return shared->progress().bytes; }
};

/// Lays a folder's rights upon us, too: root gives its own up for as long as this is there.
class AsNobody {
public:
    AsNobody(std::filesystem::path folder, mode_t mode) : folder_(std::move(folder)) {
        REQUIRE(::chmod(folder_.c_str(), mode) == 0);
        if (root_) REQUIRE(::seteuid(65534) == 0);
    }
    ~AsNobody() {
        if (root_ && ::seteuid(0) != 0) std::abort();
        ::chmod(folder_.c_str(), 0700);
    }
    /// With the rights that we had.
    int chmod(const std::filesystem::path& path, mode_t mode) const {
        if (root_ && ::seteuid(0) != 0) std::abort();
        const int result = ::chmod(path.c_str(), mode);
        if (root_ && ::seteuid(65534) != 0) std::abort();
        return result;
    }

private:
    const bool root_ = ::geteuid() == 0;
    std::filesystem::path folder_;
};

using Names = std::vector<std::string>;

/// Two contents with the same MD5, of X. Wang and H. Yu, "How to Break MD5 and Other Hash
/// Functions", 2005.
inline std::array<std::string, 2> colliding_contents() {
    constexpr std::string_view first =
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70";
    constexpr std::string_view second =
        "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70";
    std::array<std::string, 2> both;
    for (std::size_t i = 0; i < both.size(); ++i) {
        const std::string hex(i == 0 ? first : second);
        for (std::size_t at = 0; at < hex.size(); at += 2) {
            both[i] += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
        }
    }
    return both;
}

}  // namespace netcopy::test
