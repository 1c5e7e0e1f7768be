#include "session/transfer_receive.hpp"

#include <algorithm>
#include <optional>

#include "file/safe_name.hpp"
#include "session/receive_room.hpp"
#include "session/stamp.hpp"
#include "session/transfer_reading.hpp"
#include "session/transfer_target.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;
using wire::TransferDigest;
using wire::TransferVerdict;

/// What ends a header that may go on. Longer than netcopy's own pause between header and file.
constexpr std::chrono::milliseconds header_pause{500};
/// A sender that gave no digest closes behind the file. So long is waited for that, to tell a file
/// that has ended from one whose size was misread.
constexpr std::chrono::milliseconds end_pause{200};

std::string shown(std::string_view name) { return "'" + escape(name) + "'"; }

bool same_digest(std::string_view theirs, std::string_view ours) {
    return std::ranges::equal(theirs, ours, [](char a, char b) {
        return (a >= 'A' && a <= 'F' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

/// One file on its way in.
class Reception {
public:
    Reception(Stream& stream, DiskPool& disk, Tree& tree, TransferRules rules, Progress& progress)
        : stream_(stream),
          disk_(disk),
          tree_(tree),
          rules_(std::move(rules)),
          progress_(progress) {}

    Task<TransferReceived> run() {
        Result<> outcome = co_await take_header();
        if (outcome) outcome = co_await begin();
        if (outcome) outcome = co_await take_file();
        if (outcome) outcome = co_await commit();
        if (!outcome) outcome = co_await set_aside(outcome.error());
        received_.outcome = outcome;
        if (!readings_.empty()) {
            if (!outcome) current_ = readings_.size() - 1;
            const DigestKind kind = digest_kind(readings_[current_].kind);
            received_.digests = {{kind, computed()}};
        }
        co_await give_answer();
        co_return std::move(received_);
    }

private:
    Task<Result<>> take_header() {
        std::vector<std::size_t> ends;
        const auto parse = [&ends](std::string_view bytes) {
            auto parsed = wire::parse_transfer_header(bytes);
            const bool may_end = parsed && parsed->verdict == wire::Verdict::tentative;
            if (may_end && parsed->message.kind == TransferDigest::none) {
                ends.push_back(bytes.size());
            }
            return parsed;
        };
        const MessageLimits limits{wire::transfer_header_limit, rules_.header, rules_.header,
                                   header_pause};
        std::optional<Error> lost;
        try {
            auto header = co_await stream_.read_message(parse, limits);
            if (header && *header) {
                understand(**header, ends);
            } else if (header) {
                lost = make_error(Errc::connection_lost, stream_.peer() + " sent nothing");
            } else if (header.error() == Errc::connection_lost) {
                lost = make_error(Errc::connection_lost,
                                  "cannot receive from " + stream_.peer() +
                                      ": the connection ended within the header");
            } else {
                lost = refused(header.error().code, "it sent no header that netcopy understands",
                               header.error().context);
            }
        } catch (const system_error& error) {
            lost = stream_error(error, "cannot receive from " + stream_.peer());
        }
        if (lost) co_return *lost;
        co_return Result<>();
    }

    void understand(const wire::TransferHeader& header, const std::vector<std::size_t>& ends) {
        sent_name_ = wire::last_component(header.path);
        received_.size = header.size;
        received_.kind = header.kind;
        readings_ = possible_readings(header, ends);
        answers_ = header.kind != TransferDigest::none;
    }

    /// Everything that can be said before a byte is written.
    Task<Result<>> begin() {
        auto safe = safe_name(sent_name_);
        const std::string name = rules_.stamp ? stamped(sent_name_) : sent_name_;
        if (safe) safe = safe_name(name);
        if (!safe) {
            co_return refused(safe.error().code, "the name is not allowed", safe.error().context);
        }
        received_.name = name;
        const auto welcome = co_await make_room(readings_.front().size);
        if (!welcome) co_return welcome;
        target_.emplace(tree_, name, rules_.stamp ? Existing::rename : rules_.existing);
        const auto created = co_await disk_.run([this] { return target_->create(received_.size); });
        if (!created) co_return in_the_way(created.error());
        created_ = true;
        if (rules_.begun) rules_.begun(name, received_.size);
        co_return Result<>();
    }

    /// Whether a file of that size may come, which is what we go by from now on.
    Task<Result<>> make_room(std::uint64_t size) {
        const std::uint64_t more = size - reserved_;
        received_.size = size;
        progress_.total = size;
        const auto no =
            co_await reserve_room(disk_, tree_, rules_.max_size, rules_.quota, share_, size, more);
        if (!no) co_return in_the_way(no.error());
        if (*no) co_return refused(make_error_code(Errc::refused), (*no)->words, (*no)->reason);
        reserved_ = size;
        co_return Result<>();
    }

    Task<Result<>> take_file() {
        for (current_ = 0;; ++current_) {
            const TransferReading& reading = readings_[current_];
            if (reading.size > received_.size) {
                const auto welcome = co_await make_room(reading.size);
                if (!welcome) co_return welcome;
            }
            const auto moved = co_await take_bytes(reading.to_come());
            if (!moved) co_return moved;
            const bool last = current_ + 1 == readings_.size();
            if (co_await fits(reading, last)) break;
            if (last) co_return does_not_fit(reading);
        }
        const TransferReading& reading = readings_[current_];
        received_.kind = reading.kind;
        if (reading.front.empty()) co_return Result<>();
        const auto whole = co_await disk_.run([&] { return target_->prepend(reading.front); });
        received_.bytes = target_->size();
        if (!whole) co_return in_the_way(whole.error());
        co_return Result<>();
    }

    /// Until `size` bytes have come behind the header.
    Task<Result<>> take_bytes(std::uint64_t size) {
        const Consume consume = [this](Bytes bytes) { return take(bytes); };
        std::optional<Error> lost;
        try {
            const auto pumped = co_await pump_in(stream_, disk_, consume, size - target_->size(),
                                                 progress_, rules_.stall, rules_.rate);
            if (!pumped) lost = in_the_way(pumped.error());
        } catch (const system_error& error) {
            lost = stream_error(error,
                                "cannot receive " + shown(sent_name_) + " from " + stream_.peer());
            lost->context += "; " + std::to_string(target_->size()) + " of " +
                             std::to_string(received_.size) + " bytes came";
            if (answers_) {
                answer_ = wire::encode_transfer_answer(TransferVerdict::incomplete, received_.kind);
            }
        }
        received_.bytes = target_->size();
        if (lost) co_return *lost;
        co_return Result<>();
    }

    Result<> take(Bytes bytes) {
        for (std::size_t i = current_; i < readings_.size(); ++i) readings_[i].digest.update(bytes);
        return target_->append(bytes);
    }

    /// Whether what has come is the whole file, seen so.
    Task<bool> fits(const TransferReading& reading, bool last) {
        if (reading.kind != TransferDigest::none) {
            const std::string hex = co_await disk_.run([this] { return computed(); });
            co_return same_digest(reading.hex, hex);
        }
        co_return co_await ends_here(last);
    }

    /// True when the peer ends; with `last` also when it says nothing more for a moment, or resets:
    /// then its size, which has come, is all that there is to go by.
    Task<bool> ends_here(bool last) {
        if (!stream_.buffered().empty()) co_return false;
        bool ends = last;
        try {
            stream_.deadline_in(end_pause);
            ends = !co_await stream_.fill(wire::transfer_header_limit);
        } catch (const system_error& error) {
            if (error.code() == asio::error::operation_aborted) throw;
        }
        stream_.no_deadline();
        co_return ends;
    }

    Error does_not_fit(const TransferReading& reading) {
        const std::string what = "corrupted: " + shown(sent_name_) + " from " + stream_.peer();
        if (reading.kind == TransferDigest::none) {
            return make_error(Errc::corrupted, what + ": more came than the " +
                                                   std::to_string(reading.size) +
                                                   " bytes that were announced");
        }
        answer_ = wire::encode_transfer_answer(TransferVerdict::mismatch, reading.kind);
        return make_error(Errc::corrupted, what + ": its sender says " +
                                               std::string(wire::display_name(reading.kind)) + " " +
                                               reading.hex + ", the bytes that arrived have " +
                                               computed());
    }

    Task<Result<>> commit() {
        const auto committed = co_await disk_.run([this] { return target_->commit(); });
        if (!committed) co_return in_the_way(committed.error());
        if (!committed->same) share_.use_up();
        received_.name = committed->name;
        received_.same = committed->same;
        if (answers_) {
            answer_ = wire::encode_transfer_answer(TransferVerdict::verified, received_.kind);
        }
        co_return Result<>();
    }

    /// Keeps what arrived but did not verify where a person can look at it, and says so.
    Task<Error> set_aside(Error reason) {
        const bool keep = created_ && target_->size() > 0 && !(reason == Errc::local_file) &&
                          !(reason == Errc::refused);
        if (!keep) co_return reason;
        const auto kept = co_await disk_.run([this] { return target_->set_aside(); });
        if (kept) {
            share_.use_up();
            reason.context += "; what arrived is kept as " + shown(*kept);
        } else {
            reason.context += "; what arrived is lost: " + kept.error().context;
        }
        co_return reason;
    }

    /// The peer is told only that we said no, and in general words why: our paths and limits are
    /// not its business.
    Error refused(error_code kind, std::string_view words, const std::string& reason) {
        answer_ = wire::encode_transfer_refusal(words);
        const std::string what = sent_name_.empty() ? "the connection" : shown(sent_name_);
        return {kind, "refused " + what + " from " + stream_.peer() + ": " + reason};
    }

    /// What the folder said.
    Error in_the_way(const Error& error) {
        if (error == Errc::refused) {
            return refused(error.code, "another file of that name is there", error.context);
        }
        answer_ = wire::encode_transfer_refusal("the receiver cannot store it");
        return {error.code, "cannot receive " + shown(sent_name_) + " from " + stream_.peer() +
                                ": " + error.context};
    }

    /// Closes in any case. Whether the sender hears it changes nothing about the file.
    Task<> give_answer() {
        if (!answers_ || answer_.empty()) co_return;
        try {
            stream_.queue(answer_);
            stream_.limit_to(rules_.stall.window);
            co_await stream_.close_after_last_words();
        } catch (const system_error& error) {
            if (error.code() == asio::error::operation_aborted) throw;
        }
    }

    /// The hex of the current reading's digest of what has come.
    const std::string& computed() {
        if (computed_of_ != current_) {
            computed_hex_ = readings_[current_].digest.hex();
            computed_of_ = current_;
        }
        return computed_hex_;
    }

    Stream& stream_;
    DiskPool& disk_;
    Tree& tree_;
    const TransferRules rules_;
    Progress& progress_;
    TransferReceived received_;
    std::string sent_name_;
    std::vector<TransferReading> readings_;
    std::size_t current_ = 0;  // of readings_
    std::optional<TransferTarget> target_;
    QuotaShare share_;
    std::uint64_t reserved_ = 0;  // bytes of that share
    bool created_ = false;
    bool answers_ = true;  // the peer waits for an answer
    std::string answer_;
    std::string computed_hex_;
    std::size_t computed_of_ = SIZE_MAX;
};

}  // namespace

Task<TransferReceived> receive_transfer(Stream& stream, DiskPool& disk, Tree& tree,
                                        TransferRules rules, Progress& progress) {
    Reception reception(stream, disk, tree, std::move(rules), progress);
    co_return co_await reception.run();
}

}  // namespace netcopy
