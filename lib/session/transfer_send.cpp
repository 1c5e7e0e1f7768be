#include "session/transfer_send.hpp"

#include <algorithm>
#include <optional>

#include "net/readable.hpp"
#include "session/whole_source.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;
using wire::TransferVerdict;

constexpr std::chrono::milliseconds pause_behind_header{200};
/// What ends an answer that no word ends.
constexpr std::chrono::milliseconds answer_pause{200};
/// For an answer that came before the connection broke.
constexpr std::chrono::seconds last_words{1};

/// One file on its way out.
class Dispatch {
public:
    Dispatch(Stream& stream, DiskPool& disk, FileSource& source, const TransferPlan& plan,
             Progress& progress)
        : stream_(stream),
          disk_(disk),
          source_(source),
          whole_(source),
          plan_(plan),
          progress_(progress),
          what_(quote(source.name()) + " to " + stream.peer()) {}
    ~Dispatch() {
        if (!answered_) stream_.reset();
    }
    Dispatch(const Dispatch&) = delete;
    Dispatch& operator=(const Dispatch&) = delete;

    Task<Result<TransferSent>> run() {
        const auto size = source_.size();
        if (!size) {
            co_return make_error(Errc::local_file, "cannot send " + what_ +
                                                       ": the seed's protocol needs to know the "
                                                       "size first; send a file");
        }
        const auto header =
            wire::encode_transfer_header(plan_.name, *size, plan_.kind, plan_.digest);
        if (!header) co_return header.error();
        progress_.total = *size;
        tune_for_neighbour(stream_.socket());
        const auto sent = co_await send(*header);
        if (!sent) co_return sent.error();
        // What the receiver got has the digest that was announced or is refused there; but nobody
        // is to believe that it is what the file holds now.
        const auto unchanged = source_.unchanged();
        if (!unchanged) co_return unchanged.error();
        const auto accepted = co_await take_answer();
        if (!accepted) co_return accepted.error();
        co_return TransferSent{*size};
    }

private:
    Task<Result<>> send(const std::string& header) {
        std::optional<Error> lost;
        try {
            stream_.limit_to(plan_.stall.window);
            co_await stream_.write(as_bytes(header));
            stream_.no_deadline();
            if (!plan_.peer_is_netcopy) {
                Timer pause(co_await asio::this_coro::executor, pause_behind_header);
                co_await pause.async_wait(UseTask());
            }
            const auto pumped = co_await pump_out(stream_, disk_, whole_.produce(), wait(),
                                                  progress_, plan_.stall, plan_.rate);
            if (!pumped) lost = pumped.error();
        } catch (const system_error& error) {
            lost = stream_error(error, "cannot send " + what_);
        }
        if (!lost) co_return Result<>();
        if (*lost == Errc::connection_lost) {
            // The receiver may have said why.
            const auto said = co_await read_answer(last_words);
            if (said && *said) co_return judge(**said, *lost);
        }
        co_return *lost;
    }

    WaitForSource wait() {
        return [this] { return wait_readable(source_.descriptor()); };
    }

    struct Answer {
        TransferVerdict verdict;
        std::string words;  // escaped
    };

    /// No value: the receiver closed without a word.
    Task<Result<std::optional<Answer>>> read_answer(Clock::duration patience) {
        const auto parse =
            [](std::string_view bytes) -> Result<wire::Parsed<wire::TransferAnswer>> {
            return wire::parse_transfer_answer(bytes);
        };
        const MessageLimits limits{wire::transfer_answer_limit, patience, patience, answer_pause};
        std::optional<Error> lost;
        std::optional<Answer> answer;
        try {
            const auto said = co_await stream_.read_message(parse, limits);
            if (!said) {
                lost = said.error();
            } else if (*said) {
                answer = Answer{(*said)->verdict, escape((*said)->words)};
            }
        } catch (const system_error& error) {
            lost = stream_error(
                error, "no answer from " + stream_.peer() + " about " + quote(source_.name()));
        }
        if (lost) co_return *lost;
        answered_ = answer.has_value();
        if (answer && plan_.answered) plan_.answered(answer->words);
        co_return answer;
    }

    Task<Result<>> take_answer() {
        const auto said = co_await read_answer(plan_.stall.window);
        if (!said) co_return said.error();
        if (!*said) {
            co_return make_error(Errc::unverified,
                                 stream_.peer() + " closed without a word about " +
                                     quote(source_.name()) + "; look whether it is there");
        }
        const auto unknown =
            make_error(Errc::unverified, stream_.peer() + " said '" + (*said)->words + "' about " +
                                             quote(source_.name()) + ", which tells nothing");
        if ((*said)->verdict == TransferVerdict::verified) co_return Result<>();
        co_return judge(**said, unknown);
    }

    /// What the answer means for a file that is not verified; `otherwise` where it says nothing.
    Error judge(const Answer& answer, const Error& otherwise) const {
        const std::string words = ": it says '" + answer.words + "'";
        switch (answer.verdict) {
            case TransferVerdict::mismatch:
                return make_error(Errc::corrupted, "corrupted: " + what_ + words);
            case TransferVerdict::incomplete:
                return make_error(Errc::connection_lost, "cannot send " + what_ + words);
            case TransferVerdict::refused:
                return make_error(Errc::refused, quote(source_.name()) + " was refused by " +
                                                     stream_.peer() + words);
            case TransferVerdict::verified:
            case TransferVerdict::unknown:
                break;
        }
        return otherwise;
    }

    Stream& stream_;
    DiskPool& disk_;
    FileSource& source_;
    WholeSource whole_;
    const TransferPlan& plan_;
    Progress& progress_;
    const std::string what_;
    bool answered_ = false;
};

}  // namespace

Task<Result<TransferSent>> send_transfer(Stream& stream, DiskPool& disk, FileSource& source,
                                         const TransferPlan& plan, Progress& progress) {
    Dispatch dispatch(stream, disk, source, plan, progress);
    co_return co_await dispatch.run();
}

}  // namespace netcopy
