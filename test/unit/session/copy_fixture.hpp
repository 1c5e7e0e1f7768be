#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "session/checksum_receive.hpp"
#include "session/checksum_send.hpp"
#include "test/unit/file/folder.hpp"
#include "test/unit/sample.hpp"
#include "test/unit/session/peers.hpp"

namespace netcopy::test {

inline std::string digest_of(DigestKind kind, std::string_view text) {
    Digest digest(kind);
    digest.update(as_bytes(text));
    return digest.hex();
}

inline const std::string abc_md5 = "900150983cd24fb0d6963f7d28e17f72";
inline const std::string abc_crc32 = "352441c2";
using Names = std::vector<std::string>;

/// One connection between a sender's and a receiver's stream, a checksum server, and a folder.
struct CopyFixture {
    TemporaryFolder folder;
    Loop loop;
    ChecksumServer checksums{loop};
    Connection at{
        loop};  // a session is at `at.stream`; the peer is bare, or has a stream made of it
    DiskPool disk{2};
    Progress progress;
    ChecksumClient client{checksums.endpoint, {}, 10s};
    ReceivePlan receive_plan;
    SendPlan send_plan;
    Clock::time_point began = Clock::now();

    CopyFixture() {
        receive_plan.target = folder / "target";
        receive_plan.id = "7";
        receive_plan.stall = {10s};
        send_plan.id = "7";
        send_plan.stall = {10s};
    }

    Clock::duration passed() const { return Clock::now() - began; }
    std::shared_ptr<Running<Received>> receive() {
        return loop.start(receive_with_checksum(at.stream, disk, client, receive_plan, progress));
    }
    Received finish(const std::shared_ptr<Running<Received>>& receiving) {
        loop.finish(receiving);
        if (receiving->thrown) std::rethrow_exception(receiving->thrown);
        return *receiving->value;
    }
    std::shared_ptr<Running<Result<Sent>>> send(FileSource& source,
                                                asio::cancellation_slot slot = {}) {
        return loop.start(send_with_checksum(at.stream, disk, source, client, send_plan, progress),
                          slot);
    }
    Result<Sent> finish(const std::shared_ptr<Running<Result<Sent>>>& sending) {
        loop.finish(sending);
        if (sending->thrown) std::rethrow_exception(sending->thrown);
        return *sending->value;
    }
    FileSource source(std::string_view content) {
        write_file(folder / "source", content);
        return FileSource::open(folder / "source").value();
    }
    /// The peer sends and ends, as a sender of another make does.
    Received receive_from_peer(std::string_view content) {
        const auto receiving = receive();
        at.say(content);
        at.end();
        return finish(receiving);
    }
    Names left() const {
        Names names = folder.names();
        std::erase(names, "source");
        return names;
    }
};

inline void check_failed(const Received& received, Errc kind) {
    REQUIRE(received.outcome.has_error());
    INFO(received.outcome.error().context);
    CHECK(received.outcome.error() == kind);
    CHECK(received.outcome.error().context.find("target") != std::string::npos);
}

}  // namespace netcopy::test
