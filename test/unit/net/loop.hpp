#pragma once

#include <catch2/catch.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace netcopy::test {

using namespace std::chrono_literals;

/// A task that was started beside the test, and how it ended.
template <class T>
struct Running {
    bool done = false;
    std::exception_ptr thrown;
    std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;

    /// The code of the system_error that it threw; none if it returned.
    error_code thrown_code() const {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& error) {
            return error.code();
        }
        return {};
    }
};

/// An io_context that is run only as long as a test allows, so that no test hangs.
class Loop {
public:
    /// Long enough for a sanitizer on a busy machine; a sound test ends long before.
    static constexpr std::chrono::seconds patience{20};

    asio::io_context io{1};

    Executor executor() { return io.get_executor(); }

    template <class T>
    std::shared_ptr<Running<T>> start(Task<T> task, asio::cancellation_slot slot = {}) {
        auto running = std::make_shared<Running<T>>();
        auto ended = [running](std::exception_ptr thrown) {
            running->thrown = thrown;
            running->done = true;
        };
        asio::co_spawn(io, keep(std::move(task), running),
                       asio::bind_cancellation_slot(slot, std::move(ended)));
        return running;
    }

    /// Runs until `done` says so.
    void run_until(const std::function<bool()>& done) {
        const auto end = Clock::now() + patience;
        io.restart();
        while (!done()) {
            if (Clock::now() >= end)
                FAIL("the test did not get on in " << patience.count() << " s");
            io.restart();  // it stops by itself when it has nothing to do for the moment
            if (io.run_one_for(std::chrono::milliseconds(20)) == 0 && io.stopped()) {
                const bool got_on = done();
                if (!got_on && Clock::now() >= end) break;
            }
        }
    }

    template <class T>
    void finish(const std::shared_ptr<Running<T>>& running) {
        run_until([&] { return running->done; });
    }

    /// Runs one task to its end; what it throws is thrown here.
    template <class T>
    T run(Task<T> task) {
        const auto running = start(std::move(task));
        finish(running);
        if (running->thrown) std::rethrow_exception(running->thrown);
        if constexpr (!std::is_void_v<T>) return std::move(*running->value);
    }

    /// Runs one task to its end and gives the code of the system_error that it throws; none if it
    /// returns.
    template <class T>
    error_code run_for_error(Task<T> task) {
        const auto running = start(std::move(task));
        finish(running);
        return running->thrown_code();
    }

    /// Calls `action` after `time`, while the loop runs.
    void after(Clock::duration time, std::function<void()> action) {
        const auto timer = std::make_shared<Timer>(executor(), time);
        timer->async_wait([timer, action = std::move(action)](const error_code& error) {
            if (!error) action();
        });
    }

    /// Calls `action` again and again with `gap` between until it returns false.
    void every(Clock::duration gap, std::function<bool()> action) {
        after(gap, [this, gap, action = std::move(action)] {
            if (action()) every(gap, action);
        });
    }

    /// Lets all that is ready run, without waiting for anything.
    void poll() {
        io.restart();
        io.poll();
    }

private:
    /// Asio wants a default for every value that it hands over, and not every value has one.
    template <class T>
    static Task<> keep(Task<T> task, std::shared_ptr<Running<T>> running) {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(task);
        } else {
            running->value.emplace(co_await std::move(task));
        }
    }
};

inline std::pair<Socket, Socket> connected_sockets(asio::io_context& io) {
    Acceptor acceptor(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Socket ours(io);
    ours.connect(acceptor.local_endpoint());
    Socket theirs = acceptor.accept();
    theirs.set_option(Tcp::no_delay(true));
    return {std::move(ours), std::move(theirs)};
}

/// A Stream and the bare socket at the other end of its connection. The peer's calls are for
/// amounts that the kernel's buffers take.
struct Connection {
    explicit Connection(Loop& loop_) : Connection(loop_, connected_sockets(loop_.io)) {}

    Loop& loop;
    Socket peer;
    Stream stream;

    void say(std::string_view text) { asio::write(peer, asio::buffer(text)); }
    void end() { peer.shutdown(Socket::shutdown_send); }
    void reset() {
        peer.set_option(asio::socket_base::linger(true, 0));
        peer.close();
    }

    /// What the peer has got by now, waiting until there are `size` bytes or the end.
    std::string hear(std::size_t size) {
        std::string text;
        peer.non_blocking(true);
        loop.run_until([&] { return !read_on(text, size) || text.size() >= size; });
        return text;
    }
    /// What the peer gets until the end of the stream; `error` tells a reset.
    std::string hear_all(error_code* error = nullptr) {
        std::string text;
        error_code reason;
        peer.non_blocking(true);
        loop.run_until([&] { return !read_on(text, SIZE_MAX, &reason); });
        if (error != nullptr) *error = reason;
        return text;
    }

private:
    Connection(Loop& loop_, std::pair<Socket, Socket> sockets)
        : loop(loop_),
          peer(std::move(sockets.second)),
          stream(std::move(sockets.first), peer.local_endpoint()) {}

    /// Takes what is there; false at the end of the stream or after an error.
    bool read_on(std::string& text, std::size_t size, error_code* reason = nullptr) {
        char buffer[16 * 1024];
        error_code error;
        while (!error && text.size() < size) {
            const std::size_t most = std::min(sizeof buffer, size - text.size());
            text.append(buffer, peer.read_some(asio::buffer(buffer, most), error));
        }
        const bool waits = error == asio::error::would_block;
        if (reason != nullptr && !waits && error != asio::error::eof) *reason = error;
        return !error || waits;
    }
};

}  // namespace netcopy::test
