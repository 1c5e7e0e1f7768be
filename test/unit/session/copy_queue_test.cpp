#include "session/copy_queue.hpp"

#include <atomic>
#include <map>
#include <thread>

#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

namespace netcopy::test {
namespace {

using namespace std::chrono_literals;

/// A queue over a tree, and what it said.
struct QueueFixture {
    TemporaryFolder folder;
    TreeProgress progress;
    std::vector<std::pair<std::string, CopyOutcome>> outcomes;
    WalkOptions walk{true, false, {}};
    std::optional<CopyQueue> made;
    std::atomic<int> changes{0};

    void add(const std::string& name, std::size_t size) const {
        const auto path = folder / name;
        std::filesystem::create_directories(path.parent_path());
        write_file(path, std::string(size, 'x'));
    }
    CopyQueue& queue() { return queue({folder.path() / "."}); }
    CopyQueue& queue(std::vector<std::filesystem::path> operands) {
        if (made) return *made;
        made.emplace(TreeWalk(std::move(operands), walk), progress,
                     [this](const CopyItem& item, const CopyOutcome& outcome) {
                         outcomes.emplace_back(item.name, outcome);
                     });
        made->on_change([this] { ++changes; });
        return *made;
    }
    void send(CopyItemPtr item) {
        CopyOutcome outcome;
        outcome.bytes = item->status.size;
        made->finish(std::move(item), std::move(outcome));
    }
    void fail(CopyItemPtr item, Errc kind) {
        CopyOutcome outcome;
        outcome.kind = CopyOutcome::Kind::failed;
        outcome.error = make_error(kind, item->name + " failed");
        made->finish(std::move(item), std::move(outcome));
    }
    /// The item of that name, taking and sending those before it.
    CopyItemPtr take_until(const std::string& name) {
        for (int i = 0; i < 1000; ++i) {
            auto item = queue().take();
            REQUIRE(item);
            if (item->name == name) return item;
            send(std::move(item));
        }
        throw std::logic_error("unreachable");
    }
};

}  // namespace

TEST_CASE("A queue gives every file, and each folder after all that is in it") {
    QueueFixture at;
    at.add("a/b/one", 1);
    at.add("a/two", 2);
    at.add("a/b/c/three", 3);
    at.add("four", 4);
    std::filesystem::create_directory(at.folder / "empty");
    auto& queue = at.queue();
    std::vector<std::string> order;
    while (auto item = queue.take()) {
        CHECK((item->kind == CopyItem::Kind::folder) ==
              std::filesystem::is_directory(at.folder / item->name));
        order.push_back(item->name);
        at.send(std::move(item));
    }
    CHECK(queue.finished());
    CHECK_FALSE(queue.has_more());
    const auto place = [&](const std::string& name) {
        return std::ranges::find(order, name) - order.begin();
    };
    CHECK(order.size() == 8);
    CHECK(place("a/b/c/three") < place("a/b/c"));
    CHECK(place("a/b/c") < place("a/b"));
    CHECK(place("a/b/one") < place("a/b"));
    CHECK(place("a/b") < place("a"));
    CHECK(place("a/two") < place("a"));
    CHECK(place("empty") < 8);
    CHECK(at.outcomes.size() == 4);  // folders are nobody's news
}

TEST_CASE("A folder waits for what is still under way below it") {
    QueueFixture at;
    at.add("d/x", 1);
    auto& queue = at.queue();
    auto item = queue.take();
    REQUIRE(item->name == "d/x");
    CHECK(queue.take() == nullptr);
    CHECK_FALSE(queue.has_more());
    CHECK_FALSE(queue.finished());
    const int before = at.changes;
    at.send(std::move(item));
    CHECK(at.changes > before);  // now there is something to take
    CHECK(queue.has_more());
    auto folder = queue.take();
    REQUIRE(folder);
    CHECK(folder->name == "d");
    CHECK_FALSE(queue.finished());
    at.send(std::move(folder));
    CHECK(queue.finished());
}

TEST_CASE("A folder comes although something below it failed") {
    QueueFixture at;
    at.add("d/x", 1);
    at.fail(at.take_until("d/x"), Errc::refused);
    auto folder = at.queue().take();
    REQUIRE(folder);
    CHECK(folder->name == "d");
}

TEST_CASE("What a connection gives back is there for the next one, uncounted") {
    QueueFixture at;
    at.add("x", 2 << 20);
    auto item = at.queue().take();
    item->counted = 1000;
    at.progress.bytes += 1000;
    item->shown->bytes = 1000;
    const int before = at.changes;
    at.queue().give_back(std::move(item));
    CHECK(at.changes > before);
    CHECK(at.progress.bytes == 0);
    CHECK(at.progress.active().empty());  // nobody sends it
    CHECK(at.queue().has_more());
    item = at.queue().take();
    REQUIRE(item);
    CHECK(item->name == "x");
    CHECK(item->shown->bytes == 0);
    at.send(std::move(item));
    CHECK(at.progress.bytes == 2 << 20);
    CHECK(at.queue().take() == nullptr);
    CHECK(at.queue().finished());
}

TEST_CASE("What is to be tried again waits, twice as long each time") {
    QueueFixture at;
    at.add("x", 2 << 20);
    auto& queue = at.queue();
    Clock::duration pause{};
    for (unsigned tries = 1; tries <= 3; ++tries) {
        CopyItemPtr item;
        while (!(item = queue.take())) std::this_thread::sleep_until(queue.next_retry());
        CHECK(queue.next_retry() == Clock::time_point::max());
        item->counted = 500;
        at.progress.bytes += 500;
        const auto before = Clock::now();
        queue.retry_later(std::move(item));
        const auto after = Clock::now();
        CHECK(at.progress.bytes == 0);
        CHECK(at.progress.active().empty());
        CHECK(queue.take() == nullptr);
        CHECK(queue.has_more());
        CHECK_FALSE(queue.finished());
        const auto next = queue.next_retry();
        if (tries > 1) {
            CHECK(next - before >= 2 * pause);
            CHECK(next - after <= 2 * pause);
        } else {
            pause = 250ms;
            CHECK(next - before >= pause);
            CHECK(next - after <= pause);
            continue;
        }
        pause *= 2;
    }
}

TEST_CASE("The pause before another try does not grow beyond 8 s") {
    QueueFixture at;
    at.add("x", 1);
    auto item = at.queue().take();
    item->retries = 40;
    const auto before = Clock::now();
    at.queue().retry_later(std::move(item));
    CHECK(at.queue().next_retry() >= before + 8s);
    CHECK(at.queue().next_retry() <= Clock::now() + 8s);
}

TEST_CASE("The totals are those of what was found, and grow no more when all is known") {
    QueueFixture at;
    at.add("a", 10);
    at.add("b", 20);
    at.add("c", 30);
    auto& queue = at.queue();
    CHECK(at.progress.counting);
    auto a = queue.take();
    auto b = queue.take();
    auto c = queue.take();
    CHECK(queue.take() == nullptr);
    CHECK_FALSE(at.progress.counting);
    CHECK(at.progress.files_total == 3);
    CHECK(at.progress.total == 60);
    CHECK(at.progress.files == 0);
    const auto failed_size = b->status.size;
    CopyOutcome same;
    same.kind = CopyOutcome::Kind::same;
    same.bytes = a->status.size;
    queue.finish(std::move(a), same);
    at.fail(std::move(b), Errc::refused);
    at.send(std::move(c));
    CHECK(at.progress.files == 3);
    CHECK(at.progress.bytes == 60 - failed_size);
    CHECK(at.progress.total == 60 - failed_size);
    const auto summary = queue.summary();
    CHECK(summary.files == 3);
    CHECK(summary.sent == 1);
    CHECK(summary.same == 1);
    CHECK(summary.failed == 1);
    CHECK(summary.bytes + failed_size + same.bytes == 60);
    CHECK(summary.first_failure == Errc::refused);
    CHECK(summary.all_alike);
}

TEST_CASE("Failures of two kinds are not all alike") {
    QueueFixture at;
    at.add("a", 1);
    at.add("b", 1);
    at.fail(at.queue().take(), Errc::refused);
    at.fail(at.queue().take(), Errc::corrupted);
    CHECK(at.queue().summary().first_failure == Errc::refused);
    CHECK_FALSE(at.queue().summary().all_alike);
}

TEST_CASE("What cannot be found is counted as failed, what is left out is not") {
    QueueFixture at;
    at.add("x", 1);
    std::filesystem::create_symlink("x", at.folder / "link");
    auto& queue = at.queue({at.folder.path() / "missing", at.folder.path() / "."});
    at.send(at.take_until("x"));
    CHECK(queue.take() == nullptr);
    CHECK(queue.finished());
    const auto summary = queue.summary();
    CHECK(summary.failed == 1);
    CHECK(summary.left_out == 1);
    CHECK(summary.files == 2);
    CHECK(at.progress.files == at.progress.files_total);
    REQUIRE(at.outcomes.size() == 2);
    CHECK(at.outcomes[0].first == "missing");
    CHECK(at.outcomes[0].second.error == Errc::local_file);
}

TEST_CASE("A queue without anything is finished once somebody has looked") {
    QueueFixture at;
    auto& queue = at.queue();
    CHECK_FALSE(queue.finished());
    CHECK(queue.take() == nullptr);
    CHECK(queue.finished());
    CHECK(at.changes > 0);
}

TEST_CASE("A pipe is one item more, and makes the total unknown") {
    QueueFixture at;
    at.add("x", 5);
    auto& queue = at.queue();
    queue.add_pipe("from stdin");
    auto item = queue.take();
    REQUIRE(item);
    CHECK(item->kind == CopyItem::Kind::pipe);
    CHECK(item->name == "from stdin");
    CHECK(at.progress.total == Progress::unknown);
    CopyOutcome outcome;
    outcome.bytes = 1234;
    queue.finish(std::move(item), outcome);
    at.send(at.take_until("x"));
    CHECK(at.progress.total == Progress::unknown);
    CHECK(at.progress.bytes == 1239);
    CHECK(at.progress.files_total == 2);
    CHECK(queue.take() == nullptr);
    CHECK(queue.finished());
}

TEST_CASE("Many connections share a queue, and each item is sent once") {
    QueueFixture at;
    constexpr int folders = 20, files = 25;
    for (int d = 0; d < folders; ++d) {
        for (int f = 0; f < files; ++f) {
            at.add("d" + std::to_string(d) + "/" + std::to_string(f), 1);
        }
    }
    auto& queue = at.queue();
    std::mutex mutex;
    std::map<std::string, int> seen;
    {
        std::vector<std::jthread> connections;
        for (unsigned each = 0; each < 4; ++each) {
            connections.emplace_back([&, each] {
                const auto end = Clock::now() + 20s;
                for (unsigned i = each; !queue.finished() && Clock::now() < end; ++i) {
                    auto item = queue.take();
                    if (!item) {
                        std::this_thread::yield();
                    } else if (i % 5 == 0) {
                        queue.give_back(std::move(item));
                    } else {
                        {
                            const std::lock_guard guard(mutex);
                            ++seen[item->name];
                        }
                        at.send(std::move(item));
                    }
                }
            });
        }
    }
    CHECK(queue.finished());
    CHECK(seen.size() == folders * (files + 1));
    CHECK(std::ranges::all_of(seen, [](const auto& each) { return each.second == 1; }));
    CHECK(queue.summary().sent == folders * files);
}

TEST_CASE("A queue that is filled by hand ends when it is closed and everything is done") {
    TreeProgress progress;
    std::vector<std::string> done;
    CopyQueue queue(progress,
                    [&](const CopyItem& item, const CopyOutcome&) { done.push_back(item.name); });
    CHECK(queue.take() == nullptr);
    CHECK_FALSE(queue.finished());
    for (const char* name : {"b", "a"}) {
        auto item = std::make_shared<CopyItem>();
        item->name = name;
        item->status.size = 5;
        queue.add(std::move(item));
    }
    CHECK(progress.files_total == 2);
    CHECK(progress.total == 10);
    auto first = queue.take();
    REQUIRE(first);
    CHECK(first->name == "b");
    queue.close();
    CHECK_FALSE(queue.finished());
    queue.give_back(std::move(first));
    for (int i = 0; i < 2; ++i) {
        CHECK_FALSE(queue.finished());
        queue.finish(queue.take(), CopyOutcome{});
    }
    CHECK(queue.finished());
    CHECK(done == std::vector<std::string>{"a", "b"});
}

}  // namespace netcopy::test
