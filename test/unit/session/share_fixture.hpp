#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "session/share_client.hpp"
#include "session/share_service.hpp"
#include "session/shared_folder.hpp"
#include "test/unit/session/copy_receiver_fixture.hpp"
#include "test/unit/session/copy_send_fixture.hpp"

namespace netcopy::test {

inline std::string md5_hex(std::string_view content) { return hex_of(DigestKind::md5, content); }
inline std::string sha256_hex(std::string_view content) {
    return hex_of(DigestKind::sha256, content);
}

/// `netcopy share` of a folder on the test's loop, and a client of it with a folder of its own.
struct ShareFixture {
    TemporaryFolder there, here;
    Loop loop;
    DiskPool disk{6};
    ShareRules rules;
    Dialects dialects = Dialects::both;
    SessionFn seed = [](Stream& stream) -> Task<> {
        stream.reset();
        co_return;
    };
    std::unique_ptr<SharedFolder> folder;
    Endpoint endpoint;
    int connections = 0;
    std::vector<ReceivedFile> received;
    std::vector<ServedFile> served;

    ShareClientPlan plan;
    std::optional<ShareClient> client;
    TreeProgress progress;
    std::map<std::string, CopyOutcome> outcomes;
    std::optional<ShareWishes> wishes;

    ShareFixture() {
        rules.stall = {10s};
        rules.on_received = [this](const ReceivedFile& file) {
            const std::lock_guard guard(mutex_);
            received.push_back(file);
        };
        rules.on_served = [this](const ServedFile& file) {
            const std::lock_guard guard(mutex_);
            served.push_back(file);
        };
        plan.stall = {10s};
        plan.retries = 2;
    }
    ~ShareFixture() {
        client.reset();
        stop();
    }

    void share(const std::string& name, std::string_view content) const {
        write_file(there / name, content);
        // Written long ago, so that it is not about to change.
        std::filesystem::last_write_time(
            there / name, std::filesystem::file_time_type::clock::now() - std::chrono::hours(48));
    }
    void serve() {
        SharedFolderTimes times;
        times.grace = 5ms;
        times.gather = 2ms;
        folder = SharedFolder::open(there.path(), loop.executor(), disk, times).value();
        following_ = loop.start(folder->run());
        loop.run_until([&] { return folder->at_rest(); });
        tree_.emplace(Tree::open(there.path()).value());
        service_.emplace(*folder, *tree_, rules, disk, dialects, ReceiveTimes{10s, 10s}, seed);
        server_.emplace(loop.executor(), std::vector<Executor>(), ServerLimits(),
                        [this](Stream& stream) { return serve_one(stream); });
        endpoint = loop.run(server_->listen(Endpoint{"127.0.0.1", 0})).value();
        running_ = loop.start(server_->run());
        plan.endpoint = endpoint;
    }
    void stop() {
        if (!running_) return;
        server_->stop();
        loop.finish(running_);
        running_.reset();
        folder->stop();
        loop.finish(following_);
    }
    void begin_to_stop() { server_->stop(); }

    ShareClient& connect() {
        client.emplace(plan, disk);
        return *client;
    }
    std::vector<wire::CopyFile> list() {
        if (!client) connect();
        std::vector<wire::CopyFile> files;
        const auto listed =
            loop.run(client->list([&](const wire::CopyFile& file) { files.push_back(file); }));
        REQUIRE(listed);
        REQUIRE(*listed);
        return files;
    }
    /// Lists, wishes for everything that is listed, or what `change` makes of it, and gets it.
    Result<> get(Overwrite overwrite = Overwrite::never,
                 const std::function<void(std::vector<wire::CopyFile>&)>& change = nullptr) {
        auto files = list();
        if (change) change(files);
        make_wishes();
        for (const auto& file : files) wishes->add(file.name, file.md5, file.size);
        return get_wishes(overwrite);
    }
    void make_wishes() {
        outcomes.clear();
        wishes.emplace(progress, [this](const ShareWish& wish, const CopyOutcome& outcome) {
            outcomes[wish.name] = outcome;
        });
    }
    Result<> get_wishes(Overwrite overwrite = Overwrite::never) {
        const Tree tree = Tree::open(here.path()).value();
        return loop.run(client->get(*wishes, tree, overwrite));
    }
    /// One file, as it is sent by `netcopy upload`.
    CopyOutcome put(const std::string& name, std::string_view content) {
        write_file(here / name, content);
        return put({here / name}).front();
    }
    /// Several files on one connection, in this order.
    std::vector<CopyOutcome> put(const std::vector<std::filesystem::path>& paths) {
        std::vector<CopyOutcome> became(paths.size());
        CopyQueue queue(TreeWalk(paths, WalkOptions{true, true, {}}), progress,
                        [&](const CopyItem& item, const CopyOutcome& made) {
                            const auto at = std::ranges::find(paths, item.path);
                            became.at(static_cast<std::size_t>(at - paths.begin())) = made;
                        });
        CopySendPlan sending;
        sending.endpoint = endpoint;
        sending.stall = {10s};
        sending.retries = 2;
        sending.connections = 1;
        sending.options.digests = {DigestKind::sha256, DigestKind::md5};
        sending.options.compare = true;
        CopySend send(sending, disk, queue);
        const auto connected = loop.run(send.connect(client ? client->release() : nullptr));
        if (!connected) {
            became.front().kind = CopyOutcome::Kind::failed;
            became.front().error = connected.error();
            return became;
        }
        REQUIRE(*connected);
        REQUIRE(loop.run(send.run()));
        return became;
    }
    /// Without the share's own folder.
    std::vector<std::string> names_there() const {
        auto names = there.names();
        std::erase(names, std::string(SharedFolder::own_folder));
        return names;
    }

private:
    Task<> serve_one(Stream& stream) {
        ++connections;
        co_await service_->serve(stream);
    }

    std::mutex mutex_;
    std::shared_ptr<Running<void>> following_, running_;
    std::optional<Tree> tree_;
    std::optional<ShareService> service_;
    std::optional<Server> server_;
};

}  // namespace netcopy::test
