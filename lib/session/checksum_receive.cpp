#include "session/checksum_receive.hpp"

#include <algorithm>
#include <charconv>

#include "file/sink.hpp"

namespace netcopy {
namespace {

constexpr std::string_view corrupted_suffix = ".corrupted";

const std::string* find_digest(const Digests& digests, DigestKind kind) {
    const auto found = std::ranges::find(digests, kind, &Digests::value_type::first);
    return found == digests.end() ? nullptr : &found->second;
}

/// What the checksum server says, held against what was computed.
Result<> compare(std::string_view entry, const Digests& digests) {
    const auto form = wire::classify_entry(entry);
    const bool as_crc = form == wire::EntryForm::crc32;
    const std::string* const ours =
        find_digest(digests, as_crc ? DigestKind::crc32 : DigestKind::md5);
    if (!ours) {
        return make_error(Errc::unverified,
                          std::string("the checksum server has ") +
                              (as_crc ? "a CRC32" : "no CRC32") +
                              ", which was not computed; receive with --checksum auto");
    }
    std::uint32_t crc = 0;
    if (as_crc) std::from_chars(ours->data(), ours->data() + ours->size(), crc, 16);
    if (as_crc ? wire::matches_crc32(entry, crc) : wire::matches_md5(entry, *ours)) return {};
    return make_error(Errc::corrupted, "the checksum server has " + escape(entry, 64) +
                                           ", the bytes that arrived have " + *ours);
}

/// One file on its way in.
class Reception {
public:
    Reception(Stream& stream, DiskPool& disk, ReceivePlan plan, Progress& progress)
        : stream_(stream),
          disk_(disk),
          plan_(std::move(plan)),
          name_(quote(plan_.target.string())),
          progress_(progress),
          digests_(plan_.kinds) {}

    Task<Received> run(ChecksumClient& checksums) {
        Received received;
        received.outcome = co_await take_bytes();
        received.bytes = bytes_;
        received.digests = digests_.finish();
        error_code ignored;
        stream_.socket().close(ignored);  // the sender waits for it, and nothing more is to come
        if (received.outcome) {
            received.outcome = co_await verify(checksums, received.digests);
        }
        if (received.outcome) {
            received.outcome = co_await disk_.run([this] { return sink_->commit(); });
        } else {
            received.outcome = co_await set_aside(received.outcome.error());
        }
        co_return received;
    }

private:
    Task<Result<>> take_bytes() {
        auto created = co_await disk_.run([this] { return FileSink::create(plan_.target); });
        if (!created) co_return created.error();
        sink_ = std::move(*created);
        if (plan_.rate) limit_receive_buffer(stream_.socket(), *plan_.rate);
        const Consume consume = [this](Bytes bytes) { return take(bytes); };
        try {
            const auto pumped = co_await pump_in(stream_, disk_, consume, std::nullopt, progress_,
                                                 plan_.stall, plan_.rate);
            if (!pumped) co_return pumped.error();
            co_return Result<>();
        } catch (const boost::system::system_error& error) {
            co_return stream_error(error, "cannot receive " + name_ + " from " + stream_.peer());
        }
    }

    Result<> take(Bytes bytes) {
        if (bytes.size() > plan_.max_size - bytes_) {
            return make_error(Errc::refused, "refused " + name_ + " from " + stream_.peer() +
                                                 ": it is larger than --max-size allows");
        }
        digests_.update(bytes);
        const auto written = sink_->write_at(bytes_, bytes);
        if (written) bytes_ += bytes.size();
        return written;
    }

    Task<Result<>> verify(ChecksumClient& checksums, const Digests& digests) {
        const std::string what = name_ + " from " + stream_.peer();
        const auto entry = co_await checksums.lookup(plan_.id, lookup_patience);
        if (!entry) {
            co_return make_error(Errc::unverified,
                                 "cannot verify " + what + ": " + entry.error().context);
        }
        if (!*entry) {
            co_return make_error(Errc::unverified,
                                 "cannot verify " + what + ": the checksum server " +
                                     to_string(checksums.server()) + " has no checksum for id " +
                                     plan_.id + "; it is missing or has expired");
        }
        const auto same = compare(**entry, digests);
        if (same) co_return Result<>();
        const std::string verb = same.error() == Errc::corrupted ? "corrupted: " : "cannot verify ";
        co_return Error{same.error().code, verb + what + ": " + same.error().context};
    }

    /// Keeps what arrived but did not verify where a person can look at it, and says so.
    Task<Error> set_aside(Error reason) {
        const bool keep =
            sink_ && bytes_ > 0 && !(reason == Errc::local_file) && !(reason == Errc::refused);
        if (!keep) co_return reason;
        const auto kept = co_await disk_.run([this] { return sink_->commit_as(corrupted_suffix); });
        reason.context += kept ? "; what arrived is kept as " +
                                     quote(plan_.target.string() + std::string(corrupted_suffix))
                               : "; what arrived is lost: " + kept.error().context;
        co_return reason;
    }

    Stream& stream_;
    DiskPool& disk_;
    const ReceivePlan plan_;
    const std::string name_;
    Progress& progress_;
    DigestSet digests_;
    std::optional<FileSink> sink_;
    std::uint64_t bytes_ = 0;
};

}  // namespace

Task<Received> receive_with_checksum(Stream& stream, DiskPool& disk, ChecksumClient& checksums,
                                     ReceivePlan plan, Progress& progress) {
    Reception reception(stream, disk, std::move(plan), progress);
    co_return co_await reception.run(checksums);
}

}  // namespace netcopy
