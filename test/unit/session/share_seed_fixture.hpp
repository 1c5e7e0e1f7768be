#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "session/share_seed_client.hpp"
#include "session/share_seed_server.hpp"
#include "session/shared_folder.hpp"
#include "test/unit/session/transfer_fixture.hpp"

namespace netcopy::test {

inline const std::string asks_details = "Please send the file name and file size";
inline const std::string ready = "Ready to receive a file";
inline const std::string asks_id = "Please send a file ID";
inline const std::string no_files = "No files available at the moment";

inline std::string md5_of(std::string_view text) { return digest_of(DigestKind::md5, text); }

/// A share's side of one connection, a bare socket at the other, and the shared folder.
struct ShareSeedFixture {
    TemporaryFolder folder;
    std::filesystem::path root = folder / "shared";
    Loop loop;
    Connection at{loop};
    DiskPool disk{2};
    Tree tree = Tree::open(root).value();
    std::unique_ptr<SharedFolder> shared;
    ShareRules rules;
    ReceiveTimes times{10s, 10s};
    std::vector<ReceivedFile> received;
    std::vector<ServedFile> served;

    ShareSeedFixture() {
        rules.stall = {10s};
        rules.on_received = [this](const ReceivedFile& file) { received.push_back(file); };
        rules.on_served = [this](const ServedFile& file) { served.push_back(file); };
    }
    ~ShareSeedFixture() {
        error_code ignored;
        at.peer.close(ignored);
        if (serving_) loop.finish(serving_);
        if (!following_) return;
        shared->stop();
        loop.finish(following_);
    }

    /// The folder as it is now is indexed, and the session begins.
    void serve() {
        SharedFolderTimes soon;
        soon.grace = soon.quiet = soon.write = std::chrono::milliseconds(1);
        shared = SharedFolder::open(root, loop.executor(), disk, soon).value();
        following_ = loop.start(shared->run());
        loop.run_until([this] { return shared->at_rest(); });
        serving_ = loop.start(serve_and_close());
    }
    bool has_ended() const { return serving_->done; }
    void finish() {
        loop.finish(serving_);
        if (serving_->thrown) std::rethrow_exception(serving_->thrown);
    }
    /// What the session threw; none if it returned.
    error_code finish_for_error() {
        loop.finish(serving_);
        return serving_->thrown_code();
    }

    /// Says it, and hears exactly that.
    void say(std::string_view text) {
        at.say(text);
        loop.poll();
    }
    void expect(const std::string& text) { CHECK(at.hear(text.size()) == text); }
    void upload(const std::string& name, const std::string& content) {
        say("UPLOAD");
        expect(asks_details);
        say(name + ";" + std::to_string(content.size()) + "\n");
        expect(ready);
        say(content);
        expect(md5_of(content));
    }
    std::string download(const std::string& id, std::size_t size) {
        say("DOWNLOAD");
        expect(asks_id);
        say(id);
        return at.hear(size);
    }
    /// The connection ends without another byte; whether it was reset.
    bool ends_by_reset() {
        error_code reset;
        CHECK(at.hear_all(&reset) == "");
        return static_cast<bool>(reset);
    }

    /// What lies in the folder beside the index.
    Names names() const {
        Names all;
        for (const auto& entry : std::filesystem::directory_iterator(root)) {
            const std::string name = entry.path().filename().string();
            if (name != SharedFolder::own_folder) all.push_back(name);
        }
        std::ranges::sort(all);
        return all;
    }
    std::string content(std::string_view name) const { return read_file(root / name); }

private:
    Task<> serve_and_close() {
        std::exception_ptr thrown;
        try {
            co_await serve_share_seed(at.stream, disk, *shared, tree, rules, times);
        } catch (...) {
            thrown = std::current_exception();
        }
        error_code ignored;
        at.stream.socket().close(ignored);
        if (thrown) std::rethrow_exception(thrown);
    }

    std::shared_ptr<Running<void>> following_;
    std::shared_ptr<Running<void>> serving_;
};

}  // namespace netcopy::test
