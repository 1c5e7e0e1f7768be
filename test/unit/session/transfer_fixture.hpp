#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session/transfer_receive.hpp"
#include "session/transfer_send.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"
#include "test/unit/sample.hpp"

namespace netcopy::test {

using Names = std::vector<std::string>;

inline std::string digest_of(DigestKind kind, std::string_view text) {
    Digest digest(kind);
    digest.update(as_bytes(text));
    return digest.hex();
}

/// The header as the document has it.
inline std::string transfer_header(std::string_view path, std::string_view content,
                                   DigestKind kind = DigestKind::md5) {
    return std::string(path) + "<SEPARATOR>" + std::to_string(content.size()) + "<SEPARATOR>" +
           digest_of(kind, content);
}

/// A session at one end of a connection, a bare socket at the other, and a folder of the
/// receiver's.
struct TransferFixture {
    TemporaryFolder folder;
    Loop loop;
    Connection at{loop};
    DiskPool disk{1};
    Progress progress;
    std::filesystem::path root = folder / "received";
    Tree tree = Tree::open(root).value();
    TransferRules rules;
    TransferPlan plan;
    std::vector<std::string> answers;
    Clock::time_point began = Clock::now();

    TransferFixture() {
        rules.stamp = false;
        rules.stall = {10s};
        plan.stall = {10s};
        plan.peer_is_netcopy = true;
        plan.answered = [this](std::string_view words) { answers.emplace_back(words); };
    }

    Clock::duration passed() const { return Clock::now() - began; }

    std::shared_ptr<Running<TransferReceived>> receive(asio::cancellation_slot slot = {}) {
        return loop.start(receive_and_end(), slot);
    }
    TransferReceived finish(const std::shared_ptr<Running<TransferReceived>>& receiving) {
        loop.finish(receiving);
        if (receiving->thrown) std::rethrow_exception(receiving->thrown);
        return std::move(*receiving->value);
    }
    /// The peer says these pieces, each read before the next, and what it hears in the end.
    TransferReceived receive_from_peer(const std::vector<std::string>& pieces, bool ends = false) {
        const auto receiving = receive();
        for (const std::string& piece : pieces) {
            at.say(piece);
            loop.poll();
        }
        if (ends) at.end();
        heard = at.hear_all();
        at.peer.close();
        return finish(receiving);
    }
    std::string heard;

    /// What is in the receiver's folder: names, or the bytes of one.
    Names names() const {
        Names all;
        for (const auto& entry : std::filesystem::directory_iterator(root)) {
            all.push_back(entry.path().filename().string());
        }
        std::ranges::sort(all);
        return all;
    }
    std::string content(std::string_view name) const { return read_file(root / name); }

    FileSource source(std::string_view content, const char* name = "source") {
        write_file(folder / name, content);
        plan.name = name;
        plan.digest = digest_of(DigestKind::md5, content);
        return FileSource::open(folder / name).value();
    }
    std::shared_ptr<Running<Result<TransferSent>>> send(FileSource& source,
                                                        asio::cancellation_slot slot = {}) {
        return loop.start(send_transfer(at.stream, disk, source, plan, progress), slot);
    }
    Result<TransferSent> finish(const std::shared_ptr<Running<Result<TransferSent>>>& sending) {
        loop.finish(sending);
        if (sending->thrown) std::rethrow_exception(sending->thrown);
        return std::move(*sending->value);
    }

private:
    /// The session does not close by itself where nothing is answered: its server does.
    Task<TransferReceived> receive_and_end() {
        auto received = co_await receive_transfer(at.stream, disk, tree, rules, progress);
        error_code ignored;
        at.stream.socket().shutdown(Socket::shutdown_send, ignored);
        co_return received;
    }
};

inline void check_failed(const TransferReceived& received, Errc kind) {
    REQUIRE(received.outcome.has_error());
    INFO(received.outcome.error().context);
    CHECK(received.outcome.error() == kind);
}

inline void check_failed(const Result<TransferSent>& sent, Errc kind) {
    REQUIRE(sent.has_error());
    INFO(sent.error().context);
    CHECK(sent.error() == kind);
}

}  // namespace netcopy::test
