#pragma once

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file/commit_batch.hpp"
#include "file/incoming.hpp"
#include "file/tree.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"
#include "test/unit/sample.hpp"

namespace netcopy::test {

using Names = std::vector<std::string>;

inline constexpr FileTime some_time{1'700'000'000, 123'456'789};

inline IncomingPlan plan_of(std::uint64_t size) {
    IncomingPlan plan;
    plan.size = size;
    plan.mtime = some_time;
    plan.mode = 0640;
    return plan;
}

inline struct stat status_of(const std::filesystem::path& path) {
    struct stat status {};
    INFO(path);
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

/// A tree to write below, and beside it `outside`, where nothing may ever appear.
struct TreeFixture {
    TemporaryFolder folder;
    std::filesystem::path root = folder / "root";
    std::filesystem::path outside = folder / "outside";
    Tree tree = Tree::open(root).value();

    TreeFixture() { std::filesystem::create_directory(outside); }

    IncomingFile create(std::string_view path, const IncomingPlan& plan) {
        auto file = tree.create(path, plan);
        REQUIRE(file);
        return std::move(*file);
    }
    /// Written and finished, not committed.
    IncomingFile written(std::string_view path, std::string_view content, IncomingPlan plan) {
        plan.size = content.size();
        IncomingFile file = create(path, plan);
        REQUIRE(file.start_over());
        REQUIRE(file.write_at(0, as_bytes(content)));
        REQUIRE(file.finish(content.size()));
        return file;
    }
    static Result<std::string> commit(IncomingFile file) {
        CommitBatch batch;
        batch.add(7, std::move(file));
        auto outcomes = batch.commit();
        REQUIRE(outcomes.size() == 1);
        CHECK(outcomes.front().tag == 7);
        return outcomes.front().name;
    }
    Result<std::string> put(std::string_view path, std::string_view content,
                            Existing existing = Existing::keep) {
        IncomingPlan plan = plan_of(content.size());
        plan.existing = existing;
        return commit(written(path, content, plan));
    }
    /// Of the root, or a folder below it, sorted.
    Names names(const std::string& below = "") const {
        Names all;
        for (const auto& entry : std::filesystem::directory_iterator(root / below)) {
            all.push_back(entry.path().filename().string());
        }
        std::ranges::sort(all);
        return all;
    }
    bool outside_is_empty() const { return std::filesystem::is_empty(outside); }
};

template <class T>
void check_error(const Result<T>& result, Errc kind, std::string_view word = "") {
    REQUIRE(result.has_error());
    INFO(result.error().context);
    CHECK(result.error() == kind);
    CHECK(result.error().context.find(word) != std::string::npos);
}

}  // namespace netcopy::test
