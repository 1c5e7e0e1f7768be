#include "net/stream.hpp"

#include <netinet/tcp.h>

#include <boost/asio/as_tuple.hpp>

namespace netcopy {
namespace {

constexpr auto nothrow = asio::as_tuple(UseTask());
constexpr std::size_t read_ahead = 4096;  // bytes; also what an idle connection keeps

[[noreturn]] void throw_error(const error_code& code) { throw boost::system::system_error(code); }

}  // namespace

std::string to_string(const Tcp::endpoint& endpoint) {
    const auto address = endpoint.address();
    const std::string port = std::to_string(endpoint.port());
    if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
        return "[" + address.to_string() + "]:" + port;
    }
    if (address.is_v4()) return address.to_string() + ":" + port;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string() + ":" + port;
}

Error stream_error(const boost::system::system_error& error, const std::string& what) {
    if (error.code() == asio::error::operation_aborted) throw error;
    return {error.code(), what + ": " + error.code().message()};
}

struct Stream::Ready {
    explicit Ready(const Executor& executor) : timer(executor) {}
    Timer timer;              // cancelled to end the wait
    std::uint64_t round = 0;  // of the wait under way: handlers of an earlier one do not count
};

Stream::Stream(Socket socket, const Tcp::endpoint& peer)
    : socket_(std::move(socket)),
      peer_(to_string(peer)),
      ready_(std::make_shared<Ready>(socket_.get_executor())),
      watchdog_(socket_.get_executor(), [this] {
          error_code ignored;
          socket_.cancel(ignored);
      }) {
    error_code ignored;
    // Messages are written whole; waiting to fill a segment would only delay them.
    socket_.set_option(Tcp::no_delay(true), ignored);
}

void Stream::deadline(Clock::time_point time) { watchdog_.set(time); }
void Stream::no_deadline() { watchdog_.set(Clock::time_point::max()); }

void Stream::check_deadline() const {
    if (watchdog_.expired()) throw_error(make_error_code(Errc::timed_out));
}

void Stream::fail(const error_code& reason) const {
    check_deadline();  // the watchdog's cancel looks like anybody's
    if (reason == asio::error::operation_aborted) throw_error(reason);
    throw_error(make_error_code(Errc::connection_lost));
}

std::string_view Stream::buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }

void Stream::consume(std::size_t count) { begin_ += count; }

void Stream::put_back(Bytes bytes) {
    if (bytes.empty()) return;
    const std::string_view text = as_text(bytes);
    std::vector<char> all(text.begin(), text.end());
    all.insert(all.end(), buffered().begin(), buffered().end());
    buffer_ = std::move(all);
    begin_ = 0;
    end_ = buffer_.size();
}

Task<bool> Stream::fill(std::size_t limit) {
    check_deadline();
    if (ended_ || (stopping_ && idle_)) co_return false;
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= std::exchange(begin_, 0);
    if (end_ >= limit) throw_error(make_error_code(Errc::protocol));
    if (buffer_.size() == end_) buffer_.resize(end_ + read_ahead);
    const std::size_t room = std::min(buffer_.size(), limit) - end_;
    const auto [error, got] =
        co_await socket_.async_read_some(asio::buffer(buffer_.data() + end_, room), nothrow);
    end_ += got;
    ended_ = error == asio::error::eof;
    if (ended_) co_return false;
    if (error) {
        if (stopping_ && idle_ && error == asio::error::operation_aborted) co_return false;
        fail(error);
    }
    co_return true;
}

Task<> Stream::flush() {
    sending_.clear();
    sending_.swap(queued_);  // both keep their memory
    return write(as_bytes(sending_));
}

/// A peer that takes no answers is no better than one that sends no requests.
Task<> Stream::flush_within(const MessageLimits& limits) {
    limit_to(limits.message);
    return flush();
}

/// Each deadline is set once a message, so that no trickle prolongs it: the idle one until the
/// first byte that is a message's, then the message's own.
void Stream::set_read_deadline(const MessageLimits& limits, Awaiting& awaiting) {
    const Awaiting now = buffered().empty() ? Awaiting::first_byte : Awaiting::rest;
    if (now == awaiting) return;
    awaiting = now;
    limit_to(now == Awaiting::rest ? limits.message : limits.idle);
}

/// False when nothing came within the pause, or nothing more may come; at the end of the stream
/// `ended` is set.
Task<bool> Stream::more_within(const MessageLimits& limits, bool& ended) {
    if (buffered().size() >= limits.size) co_return false;
    const auto outer = watchdog_.deadline();
    const auto inner = std::min(Clock::now() + limits.pause, outer);
    deadline(inner);
    bool paused = false;
    try {
        ended = !co_await fill(limits.size);
    } catch (const boost::system::system_error& error) {
        if (error.code() != make_error_code(Errc::timed_out) || inner == outer) throw;
        paused = true;
    }
    deadline(outer);
    co_return !paused;
}

Task<std::size_t> Stream::read_some(MutableBytes buffer) {
    if (const auto ready = buffered(); !ready.empty()) {
        const std::size_t count = std::min(ready.size(), buffer.size());
        std::copy_n(as_bytes(ready).begin(), count, buffer.begin());
        consume(count);
        co_return count;
    }
    check_deadline();
    if (ended_) co_return 0;
    const auto [error, got] =
        co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), nothrow);
    ended_ = error == asio::error::eof;
    if (error && !ended_) fail(error);
    co_return got;
}

Task<> Stream::write(Bytes bytes) {
    check_deadline();
    // Nearly always the socket takes it all: no trip through the reactor for that.
    bytes = bytes.subspan(write_now(bytes).value_or(0));
    while (!bytes.empty()) {
        const auto [error, put] =
            co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), nothrow);
        if (error) fail(error);
        bytes = bytes.subspan(put);
    }
}

Task<std::size_t> Stream::write_some(Bytes bytes) {
    check_deadline();
    const auto [error, put] =
        co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), nothrow);
    if (error) fail(error);
    co_return put;
}

std::optional<std::size_t> Stream::read_now(MutableBytes buffer) {
    if (!buffered().empty()) return std::nullopt;
    for (;;) {
        const ssize_t got =
            ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got > 0) return static_cast<std::size_t>(got);
        if (got < 0 && errno == EINTR) continue;
        ended_ = got == 0;
        if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK) failed_ = errno;
        return std::nullopt;
    }
}

std::optional<std::size_t> Stream::write_now(Bytes bytes) {
    for (;;) {
        const ssize_t put = ::send(socket_.native_handle(), bytes.data(), bytes.size(),
                                   MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put >= 0) return static_cast<std::size_t>(put);
        if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
        if (errno == EINTR) continue;
        failed_ = errno;
        return std::nullopt;
    }
}

void Stream::check_now() const {
    check_deadline();
    if (failed_ != 0) fail(error_code(failed_, boost::system::system_category()));
}

Task<> Stream::wait_ready(bool for_reading, bool for_writing, Clock::time_point until) {
    check_deadline();
    if (std::exchange(woken_, false)) co_return;
    const auto ring = [ready = ready_, round = ++ready_->round](const error_code&) {
        if (ready->round == round) ready->timer.cancel();
    };
    ready_->timer.expires_at(until);
    if (for_reading) socket_.async_wait(Socket::wait_read, ring);
    if (for_writing) socket_.async_wait(Socket::wait_write, ring);
    co_await ready_->timer.async_wait(nothrow);
    error_code ignored;
    socket_.cancel(ignored);
    woken_ = false;
    check_deadline();
}

void Stream::wake() {
    woken_ = true;
    ready_->timer.cancel();
}

void Stream::stop_when_idle() {
    stopping_ = true;
    wake();
    error_code ignored;
    if (idle_) socket_.cancel(ignored);
}

void Stream::shutdown_send() {
    error_code ignored;  // a peer that is gone already shows at the next read
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

Task<> Stream::close_after_last_words() {
    constexpr std::chrono::seconds moment{1};
    constexpr int most_reads = 256;
    co_await flush();
    shutdown_send();
    deadline_in(moment);
    begin_ = end_;
    for (int reads = 0; reads < most_reads && co_await fill(read_ahead); ++reads) {
        begin_ = end_;
    }
}

std::optional<std::chrono::microseconds> round_trip(Socket& socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    const int got = ::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size);
    if (got != 0) return std::nullopt;
    return std::chrono::microseconds(info.tcpi_rtt);
}

void tune_for_neighbour(Socket& socket) {
    const auto measured = round_trip(socket);
    if (!measured || *measured >= neighbour_round_trip) return;
    use_cubic(socket.native_handle());
}

void keep_alive(Socket& socket, std::chrono::seconds silence) {
    constexpr int probes = 3;
    const int every = std::max(1, static_cast<int>(silence.count()) / probes);
    const auto limit = static_cast<unsigned>(std::chrono::milliseconds(silence).count());
    const int handle = socket.native_handle();
    const int on = 1;
    // What a kernel does not know of it is no loss but of time.
    ::setsockopt(handle, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(handle, IPPROTO_TCP, TCP_KEEPIDLE, &every, sizeof every);
    ::setsockopt(handle, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    ::setsockopt(handle, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    ::setsockopt(handle, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
}

void use_cubic(int socket) {
    constexpr std::string_view cubic = "cubic";
    // Without it in this kernel the default stays; nothing is lost but speed.
    ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, cubic.data(), cubic.size());
}

}  // namespace netcopy
