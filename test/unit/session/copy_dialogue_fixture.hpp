#pragma once

#include <sys/stat.h>

#include <map>
#include <mutex>

#include "base/progress.hpp"
#include "session/copy_queue.hpp"
#include "session/copy_receiver.hpp"
#include "session/copy_sender.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/session/dialogues.hpp"

namespace netcopy::test {

/// A tree as it lies on the disk: path -> kind, mode, time and content, for comparing.
inline std::map<std::string, std::string> contents(const std::filesystem::path& root) {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        struct stat status {};
        REQUIRE(::lstat(entry.path().c_str(), &status) == 0);
        std::string& text = all[entry.path().lexically_relative(root).string()];
        text = std::to_string(status.st_mode) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
               std::to_string(status.st_mtim.tv_nsec) + " ";
        if (S_ISREG(status.st_mode)) text += read_file(entry.path());
        if (S_ISLNK(status.st_mode)) text += std::filesystem::read_symlink(entry.path()).string();
    }
    return all;
}

/// A folder to send, `tree`, and one to receive in, with both sides of a conversation.
class DialogueFixture {
public:
    DialogueFixture() { std::filesystem::create_directory(tree()); }

    std::filesystem::path tree() const { return source_ / "tree"; }
    std::filesystem::path there() const { return target_ / "tree"; }
    std::filesystem::path target() const { return target_.path(); }

    void add(const std::string& name, std::string_view content) {
        const auto path = tree() / name;
        std::filesystem::create_directories(path.parent_path());
        write_file(path, content);
    }

    struct Run {
        Talk talk;
        CopySummary summary;
        std::vector<std::pair<std::string, CopyOutcome>> outcomes;
        std::vector<ReceivedFile> received;

        const CopyOutcome& outcome(const std::string& name) const {
            for (const auto& [each, outcome] : outcomes) {
                if (each == name) return outcome;
            }
            FAIL("no outcome for " + name);
            throw std::logic_error("unreachable");
        }
        std::uint64_t bytes_sent() const { return talk.from_a.size(); }
    };

    /// Sends the tree once over one connection.
    Run run(Talk talk = {}) {
        Run result;
        TreeProgress progress;
        CopyQueue queue(TreeWalk({tree()}, walk), progress,
                        [&](const CopyItem& item, const CopyOutcome& outcome) {
                            result.outcomes.emplace_back(item.name, outcome);
                        });
        auto root = Tree::open(target());
        REQUIRE(root.has_value());
        rules.on_file = [&](const ReceivedFile& file) { result.received.push_back(file); };
        {
            CopySender sender(queue, options, "peer", nullptr);
            CopyReceiver receiver(root->another(), rules, options.digests, "peer");
            result.talk = std::move(talk);
            if (before) before();
            result.talk.run(sender, receiver);
            receiver.commit();
        }
        result.summary = queue.summary();
        return result;
    }

    WalkOptions walk{true, true, {}};
    CopySenderOptions options;
    ReceiveRules rules;
    std::function<void()> before;  ///< called when both sides are there, before they talk

private:
    TemporaryFolder source_;
    TemporaryFolder target_;
};

/// Bytes that do not repeat within a block.
inline std::string noise(std::size_t size, std::uint32_t seed = 1) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        seed = seed * 1664525U + 1013904223U;
        byte = static_cast<char>(seed >> 24);
    }
    return bytes;
}

}  // namespace netcopy::test
