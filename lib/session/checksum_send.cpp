#include "session/checksum_send.hpp"

#include <array>

#include "net/readable.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

class ResetUnlessDone {
public:
    explicit ResetUnlessDone(Stream& stream) : stream_(stream) {}
    ~ResetUnlessDone() {
        if (!done_) stream_.reset();
    }
    ResetUnlessDone(const ResetUnlessDone&) = delete;
    ResetUnlessDone& operator=(const ResetUnlessDone&) = delete;

    void done() { done_ = true; }

private:
    Stream& stream_;
    bool done_ = false;
};

/// The receiver closes when it has read all; a reset instead means that it has not.
Task<Result<>> await_close(Stream& stream, StallLimit stall) {
    try {
        stream.shutdown_send();
        stream.limit_to(stall.window);
        std::array<std::byte, 256> ignored;
        while (co_await stream.read_some(ignored) > 0) {
        }
        co_return Result<>();
    } catch (const system_error& error) {
        co_return stream_error(error, stream.peer() + " did not take all of the file");
    }
}

/// Bytes that went out without their checksum are bytes that nobody can verify.
Error not_placed(const Error& error) {
    const Errc kind = error == Errc::refused ? Errc::refused : Errc::unverified;
    return make_error(kind, "the checksum was not placed: " + error.context);
}

}  // namespace

Task<Result<Sent>> send_with_checksum(Stream& stream, DiskPool& disk, FileSource& source,
                                      ChecksumClient& checksums, SendPlan plan,
                                      Progress& progress) {
    ResetUnlessDone guard(stream);
    tune_for_neighbour(stream.socket());
    DigestSet digests({plan.checksum});
    Sent sent;
    const Produce produce = [&](MutableBytes buffer) -> Result<std::optional<std::size_t>> {
        if (!source.ready()) return std::optional<std::size_t>();
        const auto got = source.read_at(sent.bytes, buffer);
        if (!got) return got.error();
        digests.update(Bytes(buffer).first(*got));
        sent.bytes += *got;
        return std::optional(*got);
    };
    const WaitForSource wait = [&source] { return wait_readable(source.descriptor()); };
    try {
        const auto pumped =
            co_await pump_out(stream, disk, produce, wait, progress, plan.stall, plan.rate);
        if (!pumped) co_return pumped.error();
    } catch (const system_error& error) {
        co_return stream_error(error,
                               "cannot send " + quote(source.name()) + " to " + stream.peer());
    }
    if (const auto unchanged = source.unchanged(); !unchanged) {
        co_return make_error(Errc::local_file, unchanged.error().context +
                                                   "; its checksum was not placed, send it again");
    }
    sent.digests = digests.finish();
    const std::string& hex = sent.digests.front().second;
    // Named, because GCC 12 destroys an aggregate within a co_await expression twice (bug 98401 and
    // its kin).
    const wire::Insert insert{plan.id, plan.validity, hex.size(), hex};
    const auto placed = co_await checksums.insert(insert);
    if (!placed) co_return not_placed(placed.error());
    if (const auto closed = co_await await_close(stream, plan.stall); !closed)
        co_return closed.error();
    guard.done();
    co_return sent;
}

}  // namespace netcopy
