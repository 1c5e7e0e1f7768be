#include "load_run.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "load_socket.hpp"
#include "load_trickle.hpp"

namespace load {
namespace {

std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                                      std::chrono::nanoseconds(1));
}

std::string printable(std::string_view bytes) {
    std::string out;
    for (const char c : bytes.substr(0, 60)) {
        out += c >= ' ' && c <= '~' && c != '"' && c != '\\' ? c : '.';
    }
    return out;
}

// A connection writes a batch of requests in one go and reads until all of it is answered.
struct Connection {
    Descriptor socket;
    std::string outgoing;
    std::string expected;
    std::size_t sent = 0;
    std::size_t received = 0;  // bytes that agreed with `expected`
    std::uint64_t started = 0;
};

class Runner {
public:
    explicit Runner(const Workload& workload)
        : work_(workload),
          codec_(work_.protocol, work_.operation, work_.value_bytes, work_.validity),
          address_(resolve(work_.server)),
          trickle_(address_, codec_, work_.trickling),
          connections_(work_.connections),
          epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        if (epoll_.get() < 0) {
            throw std::system_error(errno, std::generic_category(), "epoll_create1");
        }
        for (unsigned i = 0; i < work_.idle; ++i) {
            idle_.push_back(connect_to(address_));
        }
        for (Connection& connection : connections_) {
            open(connection);
        }
    }

    Outcome go() {
        started_ = last_reply_ = now_ns();
        for (Connection& connection : connections_) {
            start_batch(connection);
        }
        while (active_ > 0 && !stalled()) {
            wait_and_serve();
        }
        for (Connection& connection : connections_) {
            if (connection.received < connection.expected.size()) {
                fail(connection, "no reply in time");
            }
        }
        outcome_.seconds = static_cast<double>(last_reply_ - started_) / 1e9;
        outcome_.trickled_bytes = trickle_.bytes();
        outcome_.trickling_reopened = trickle_.reopened();
        return outcome_;
    }

private:
    void open(Connection& connection) {
        connection.socket = connect_to(address_);
        // Edge-triggered and for both directions: never changed again, so a run costs no
        // epoll_ctl, and a full socket buffer is still noticed.
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
        event.data.ptr = &connection;
        if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event) != 0) {
            throw std::system_error(errno, std::generic_category(), "epoll_ctl");
        }
    }

    [[nodiscard]] bool stalled() const {
        return static_cast<double>(now_ns() - last_reply_) / 1e9 > work_.reply_timeout;
    }

    std::uint64_t next_key() {
        if (work_.in_order) {
            return next_in_order_++;
        }
        random_ ^= random_ << 13U;  // xorshift64: the same keys in every run
        random_ ^= random_ >> 7U;
        random_ ^= random_ << 17U;
        return random_ % work_.keys;
    }

    std::uint64_t batch_size(std::uint64_t now) const {
        if (work_.seconds > 0 && static_cast<double>(now - started_) / 1e9 >= work_.seconds) {
            return 0;
        }
        return work_.requests == 0
                   ? work_.in_flight
                   : std::min<std::uint64_t>(work_.in_flight, work_.requests - begun_);
    }

    void start_batch(Connection& connection) {
        connection.started = now_ns();
        connection.outgoing.clear();
        connection.expected.clear();
        connection.sent = connection.received = 0;
        const std::uint64_t size = batch_size(connection.started);
        if (size == 0) {
            return;
        }
        ++active_;
        begun_ += size;
        for (std::uint64_t i = 0; i < size; ++i) {
            const std::uint64_t key = next_key();
            codec_.append_request(connection.outgoing, key);
            codec_.append_reply(connection.expected, key);
        }
        write(connection);
    }

    void write(Connection& connection) {
        while (connection.sent < connection.outgoing.size()) {
            const auto wrote =
                send(connection.socket.get(), connection.outgoing.data() + connection.sent,
                     connection.outgoing.size() - connection.sent, MSG_NOSIGNAL);
            if (wrote < 0) {
                if (errno == EINTR) {
                    continue;
                }
                if (errno != EAGAIN) {
                    fail(connection, std::strerror(errno));
                }
                return;
            }
            connection.sent += static_cast<std::size_t>(wrote);
        }
    }

    void wait_and_serve() {
        std::array<epoll_event, 256> events{};
        // A short timeout only where something else is due; otherwise just to notice a stall.
        const int timeout = work_.trickling > 0 ? 1 : 100;
        const int count =
            epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
        if (count < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "epoll_wait");
        }
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            auto& connection = *static_cast<Connection*>(event.data.ptr);
            if ((event.events & EPOLLOUT) != 0) {
                write(connection);
            }
            if ((event.events & ~EPOLLOUT) != 0) {
                read(connection);
            }
        }
        if (work_.trickling > 0) {
            trickle_.advance(now_ns());
        }
    }

    void read(Connection& connection) {
        while (connection.socket.get() >= 0) {
            const auto got = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0 && errno == EAGAIN) {
                return;
            }
            if (got <= 0) {
                fail(connection, got == 0 ? "closed by the server" : std::strerror(errno));
                return;
            }
            const auto size = static_cast<std::size_t>(got);
            take({buffer_.data(), size}, connection);
            if (size < buffer_.size()) {
                return;  // the socket is drained; the next bytes raise another event
            }
        }
    }

    // Compares a piece of the answers with what has to stand there.
    void take(std::string_view bytes, Connection& connection) {
        const std::string_view left =
            std::string_view(connection.expected).substr(connection.received);
        if (bytes.size() > left.size() || left.substr(0, bytes.size()) != bytes) {
            fail(connection,
                 "wrong reply '" + printable(bytes) + "' instead of '" + printable(left) + "'");
            return;
        }
        const std::size_t before = connection.received / codec_.reply_size();
        connection.received += bytes.size();
        const std::uint64_t answered = connection.received / codec_.reply_size() - before;
        last_reply_ = now_ns();
        outcome_.requests += answered;
        outcome_.latency.add(last_reply_ - connection.started, answered);
        if (connection.received == connection.expected.size()) {
            --active_;
            start_batch(connection);
        }
    }

    // Counts what is unanswered, and gives the connection up: its replies can no longer be told
    // apart.
    void fail(Connection& connection, const std::string& reason) {
        const std::size_t left = connection.expected.size() - connection.received;
        if (left > 0) {
            --active_;
        }
        // A connection that failed outside a batch still counts: the server ended it unasked.
        outcome_.failed +=
            std::max<std::uint64_t>(1, (left + codec_.reply_size() - 1) / codec_.reply_size());
        if (outcome_.error.empty()) {
            outcome_.error = reason;
        }
        connection.socket.close();
        connection.expected.clear();
        connection.outgoing.clear();
        connection.sent = connection.received = 0;
    }

    Workload work_;
    Codec codec_;
    Address address_;
    Trickle trickle_;
    std::vector<Descriptor> idle_;
    std::vector<Connection> connections_;
    Descriptor epoll_;
    std::vector<char> buffer_ = std::vector<char>(std::size_t{256} * 1024);
    Outcome outcome_;
    std::uint64_t started_ = 0;
    std::uint64_t last_reply_ = 0;
    std::uint64_t begun_ = 0;  // requests written
    std::uint64_t next_in_order_ = 0;
    std::uint64_t random_ = 0x2545f4914f6cdd1dU;
    unsigned active_ = 0;  // connections that wait for replies
};

}  // namespace

Outcome run(const Workload& workload) { return Runner(workload).go(); }

}  // namespace load
