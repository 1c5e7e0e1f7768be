#include "session/share_seed_connection.hpp"

#include "base/log.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

/// What ends a prompt: nothing else does.
constexpr std::chrono::milliseconds prompt_pause{50};
/// How long late words are waited for before another command; some servers say `EOF` and a digest
/// behind a file, the `EOF` after a pause.
constexpr std::chrono::milliseconds settling{50};
constexpr std::chrono::milliseconds settling_behind_file{200};
constexpr std::size_t most_late_words = 64 * 1024;  // bytes

}  // namespace

ShareSeedConnection::ShareSeedConnection(ShareSeedPlan plan)
    : plan_(std::move(plan)), peer_(to_string(plan_.endpoint)) {}

void ShareSeedConnection::done(bool file) { behind_file_ = file; }

void ShareSeedConnection::drop() {
    stream_.reset();
    behind_file_ = false;
}

Task<> ShareSeedConnection::close() {
    if (!stream_) co_return;
    try {
        co_await stream_->close_after_last_words();
    } catch (const system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
    }
    drop();
}

/// Whether the connection can take another command. What came late is dropped, so that it is not
/// taken for what comes next.
Task<bool> ShareSeedConnection::settle() {
    if (!stream_) co_return false;
    bool quiet = false;
    try {
        stream_->deadline_in(behind_file_ ? settling_behind_file : settling);
        for (std::size_t dropped = 0; dropped < most_late_words;) {
            dropped += stream_->buffered().size();
            stream_->consume(stream_->buffered().size());
            if (!co_await stream_->fill(wire::share_line_limit)) break;
        }
    } catch (const system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        quiet = error.code() == make_error_code(Errc::timed_out);
    }
    stream_->no_deadline();
    co_return quiet;
}

Task<Result<>> ShareSeedConnection::connect() {
    drop();  // first: some servers serve one client at a time
    auto dialled = co_await dial(plan_.endpoint, plan_.dialing);
    if (!dialled) co_return dialled.error();
    stream_ = std::make_unique<Stream>(std::move(dialled->socket), dialled->peer);
    peer_ = stream_->peer();
    co_return Result<>();
}

Task<Result<>> ShareSeedConnection::ask(wire::ShareCommand command) {
    const std::string word(wire::encode_share_command(command));
    std::optional<Error> lost;
    try {
        stream_->limit_to(plan_.stall.window);
        co_await stream_->write(as_bytes(word));
        const bool answered = co_await stream_->fill(wire::share_line_limit);
        if (!answered) {
            lost = make_error(Errc::connection_lost,
                              peer_ + " closed the connection without an answer to " + word);
        }
    } catch (const system_error& error) {
        lost = stream_error(error, "no answer from " + peer_ + " to " + word);
    }
    stream_->no_deadline();
    if (lost) co_return *lost;
    co_return Result<>();
}

Task<Result<>> ShareSeedConnection::begin(wire::ShareCommand command) {
    if (co_await settle()) {
        const auto asked = co_await ask(command);
        if (asked || !(asked.error() == Errc::connection_lost)) co_return asked;
        NETCOPY_LOG(debug) << peer_ << ": closed behind the command before; connecting again";
    }
    const auto connected = co_await connect();
    if (!connected) co_return connected;
    co_return co_await ask(command);
}

Task<Result<>> ShareSeedConnection::say(std::string_view text) {
    std::optional<Error> lost;
    try {
        stream_->limit_to(plan_.stall.window);
        co_await stream_->write(as_bytes(text));
    } catch (const system_error& error) {
        lost = stream_error(error, "cannot send to " + peer_);
    }
    stream_->no_deadline();
    if (lost) co_return *lost;
    co_return Result<>();
}

Task<Result<>> ShareSeedConnection::take_prompt() {
    const auto parse = [](std::string_view bytes) -> Result<wire::Parsed<std::string_view>> {
        return wire::parse_share_prompt(bytes);
    };
    const MessageLimits limits{wire::share_line_limit, plan_.stall.window, plan_.stall.window,
                               prompt_pause};
    const auto prompt = co_await hear(parse, limits);
    if (!prompt) co_return prompt.error();
    if (!*prompt) {
        co_return make_error(Errc::connection_lost, peer_ + " closed the connection");
    }
    if (stream_->ended()) {
        co_return make_error(Errc::refused,
                             peer_ + " said '" + escape(**prompt) + "' and closed the connection");
    }
    co_return Result<>();
}

}  // namespace netcopy
