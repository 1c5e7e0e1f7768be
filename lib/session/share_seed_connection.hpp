#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/stream.hpp"
#include "session/share_seed_client.hpp"
#include "wire/share.hpp"

namespace netcopy {

/// A client's connection to a server of the share protocol, of whatever make: opened when it is
/// needed, used for one command after the other, opened anew when the server has closed it behind
/// one. One network thread. Nothing throws but operation_aborted.
class ShareSeedConnection {
public:
    explicit ShareSeedConnection(ShareSeedPlan plan);

    /// Says the command, and waits for the first bytes of what comes back; they are in the stream's
    /// buffer then. Errc::unreachable, timed_out, connection_lost.
    Task<Result<>> begin(wire::ShareCommand command);
    /// Takes a prompt, whatever its words. Errc::refused when the server closes behind it.
    Task<Result<>> take_prompt();
    Task<Result<>> say(std::string_view text);
    /// read_message() of the stream, what it throws as an error.
    template <class Parser>
    auto hear(Parser parse, const MessageLimits& limits)
        -> Task<Result<std::optional<decltype(parse({})->message)>>>;

    /// All is said about the command. `file`: late words may follow the file that came.
    void done(bool file);
    /// It is of no use any more.
    void drop();
    /// FIN, the server's last words, and drop().
    Task<> close();

    Stream& stream() { return *stream_; }  ///< from begin() to drop()
    const ShareSeedPlan& plan() const { return plan_; }
    const std::string& peer() const { return peer_; }

private:
    Task<bool> settle();
    Task<Result<>> connect();
    Task<Result<>> ask(wire::ShareCommand command);

    const ShareSeedPlan plan_;
    std::string peer_;
    std::unique_ptr<Stream> stream_;
    bool behind_file_ = false;  // the last command brought a file
};

template <class Parser>
auto ShareSeedConnection::hear(Parser parse, const MessageLimits& limits)
    -> Task<Result<std::optional<decltype(parse({})->message)>>> {
    using Message = decltype(parse({})->message);
    using Heard = Result<std::optional<Message>>;
    std::optional<Error> lost;
    std::optional<Heard> heard;
    try {
        heard.emplace(co_await stream_->read_message(parse, limits));
    } catch (const boost::system::system_error& error) {
        lost = stream_error(error, "no answer from " + peer_);
    }
    stream_->no_deadline();
    if (lost) co_return Heard(*lost);
    co_return std::move(*heard);
}

}  // namespace netcopy
