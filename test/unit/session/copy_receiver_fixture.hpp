#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "session/copy_receiver.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/results.hpp"

namespace netcopy::test {

using Lines = std::vector<std::string>;

/// A receiver to which a test says lines as it likes: no sender of ours would.
class LoneReceiver {
public:
    /// What was answered: each line without its check and, of NO, without its text.
    struct Answers {
        Lines lines;
        bool broken = false;  ///< the grammar or a limit; the connection would be closed
    };

    std::filesystem::path root() const { return folder_.path() / "in"; }
    std::filesystem::path outside() const { return folder_.path() / "outside"; }

    LoneReceiver() {
        std::filesystem::create_directory(root());
        std::filesystem::create_directory(outside());
    }

    /// Forgets the connection that was, and begins one more.
    void connect(std::vector<DigestKind> digests = {DigestKind::sha256}) {
        receiver_.reset();
        rules.on_file = [this](const ReceivedFile& file) { files.push_back(file); };
        auto tree = Tree::open(root());
        REQUIRE(tree);
        receiver_.emplace(std::move(*tree), rules, std::move(digests), "peer");
    }
    void disconnect() { receiver_.reset(); }

    /// Says these bytes as a connection would bring them, and lets it work, but not wait.
    Answers say(std::string_view text) {
        if (!receiver_) connect();
        Answers answers;
        const std::string exact(text);
        Bytes rest = as_bytes(exact);
        for (bool moved = true; moved;) {
            moved = false;
            if (!receiver_->busy() && !rest.empty()) {
                const auto taken = receiver_->consume(rest);
                if (!taken) {
                    CHECK(taken.error() == Errc::protocol);
                    answers.broken = true;
                    break;
                }
                REQUIRE(*taken <= rest.size());
                rest = rest.subspan(*taken);
                moved = *taken > 0;
            }
            moved = work_and_hear(answers.lines) || moved;
        }
        return answers;
    }
    /// The same when nothing more comes and what is due comes about.
    Lines wait() {
        Lines lines;
        REQUIRE(receiver_->work());
        while (work_and_hear(lines)) {
        }
        return lines;
    }

    CopyReceiver& machine() { return *receiver_; }
    /// What lies below the root, without netcopy's own files in the making.
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root())) {
            if (entry.path().filename().string().find(".netcopy-") != std::string::npos) continue;
            all.push_back(entry.path().lexically_relative(root()).string());
        }
        std::ranges::sort(all);
        return all;
    }
    std::string content(const std::string& name) const { return read_file(root() / name); }
    void place(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories((root() / name).parent_path());
        write_file(root() / name, text);
    }

    ReceiveRules rules;
    std::vector<ReceivedFile> files;

private:
    bool work_and_hear(Lines& lines) {
        bool moved = false;
        for (int i = 0; receiver_->busy(); ++i) {
            REQUIRE(i < 10'000);
            REQUIRE(receiver_->work());
            moved = true;
        }
        std::vector<std::byte> buffer(64 * 1024);
        const auto made = receiver_->produce(buffer);
        REQUIRE(made);
        heard_ += as_text(Bytes(buffer).first(*made));
        for (std::size_t end = 0; (end = heard_.find('\n')) != std::string::npos;) {
            const std::string line = heard_.substr(0, end + 1);
            heard_.erase(0, end + 1);
            const auto answer = wire::parse_copy_answer(line);
            REQUIRE(answer);
            lines.push_back(in_words(answer->message));
        }
        return moved || *made > 0;
    }
    static std::string in_words(const wire::CopyAnswer& answer) {
        if (const auto* no = std::get_if<wire::CopyNo>(&answer)) {
            CHECK_FALSE(no->text.empty());
            return "NO " + std::to_string(no->n) + " " + no->code;
        }
        const std::string line =
            std::visit([](const auto& each) { return wire::line_of(each); }, answer);
        return line.substr(0, line.rfind(' '));
    }

    TemporaryFolder folder_;
    std::optional<CopyReceiver> receiver_;
    std::string heard_;
};

// What a sender says.

constexpr FileTime offered_time{1'700'000'000, 5};

inline wire::CopyPut a_put(std::uint64_t n, std::string name, std::optional<std::uint64_t> size) {
    wire::CopyPut put;
    put.n = n;
    put.size = size;
    put.mode = 0644;
    put.mtime = offered_time;
    put.name = std::move(name);
    return put;
}
inline std::string put(std::uint64_t n, std::string name, std::optional<std::uint64_t> size) {
    return wire::line_of(a_put(n, std::move(name), size));
}
inline std::string data_line(std::uint64_t n, std::uint64_t offset, std::uint64_t length) {
    return wire::line_of(wire::CopyData{n, offset, length});
}
inline std::string data(std::uint64_t n, std::uint64_t offset, std::string_view bytes) {
    return data_line(n, offset, bytes.size()) + std::string(bytes);
}
inline std::string hex_of(DigestKind kind, std::string_view content) {
    Digest digest(kind);
    digest.update(as_bytes(content));
    return digest.hex();
}
inline std::string sum(std::uint64_t n, std::string_view content) {
    return wire::line_of(
        wire::CopySum{n, content.size(), {{"sha256", hex_of(DigestKind::sha256, content)}}});
}
inline std::string drop(std::uint64_t n, std::string code) {
    return wire::line_of(wire::CopyDrop{n, std::move(code), "why"});
}
inline std::string folder(std::uint64_t n, std::string name) {
    return wire::line_of(wire::CopyFolder{n, 0755, offered_time, std::move(name), false});
}
inline std::string link(std::uint64_t n, std::string name, std::string target) {
    return wire::line_of(wire::CopyLink{n, offered_time, std::move(name), std::move(target)});
}
inline std::string keep(std::uint64_t n) { return wire::line_of(wire::CopyKeep{n}); }
inline std::string other(std::uint64_t n) { return wire::line_of(wire::CopyOther{n}); }
/// Offer, body and digest of a small file.
inline std::string file(std::uint64_t n, const std::string& name, std::string_view content) {
    return put(n, name, content.size()) + data(n, 0, content) + sum(n, content);
}

inline const std::string sync_line = wire::line_of(wire::CopySync{});
inline const std::string end_line = wire::line_of(wire::CopyEnd{});

}  // namespace netcopy::test
