#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "net/udp_link.hpp"
#include "test/unit/net/loop.hpp"
#include "test/unit/results.hpp"
#include "test/unit/sample.hpp"

namespace netcopy::test {

inline UdpAddress udp_address(const std::string& host, std::uint16_t port = 0) {
    return {asio::ip::make_address(host), port};
}

/// Writes down what comes, and sends what a test has put in. Thread-safe: the link calls it in the
/// disk pool.
class UdpRecorder final : public UdpHandler {
public:
    struct Datagram {
        UdpPath path;
        std::string bytes;
    };

    void say(const UdpPath& to, std::string bytes) {
        const std::lock_guard lock(mutex_);
        to_say_.push_back({to, std::move(bytes)});
    }
    std::vector<Datagram> heard() const { return copy(heard_); }
    std::vector<Datagram> unsealed() const { return copy(unsealed_); }
    std::vector<std::size_t> too_big() const { return copy(too_big_); }
    std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return heard_.size();
    }

    bool echoes = false;  ///< set before the link runs
    /// Called by produce() with what the link calls `now`; set before the link runs.
    std::function<void(Clock::time_point now)> on_produce;
    std::function<Clock::time_point()> deadline;

    void on_datagram(Clock::time_point, const UdpPath& from, Bytes packet) override {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({from, packet});
        if (echoes) to_say_.push_back({from, std::string(as_text(packet))});
    }
    void on_unsealed(Clock::time_point, const UdpPath& from, Bytes datagram) override {
        const std::lock_guard lock(mutex_);
        if (unsealed_.size() < 100) unsealed_.push_back({from, std::string(as_text(datagram))});
    }
    void after_batch(Clock::time_point) override {
        const std::lock_guard lock(mutex_);
        for (const auto& [from, packet] : waiting_) {  // the bytes have to be there still
            heard_.push_back({from, std::string(as_text(packet))});
        }
        waiting_.clear();
    }
    bool produce(Clock::time_point now, UdpBatch& out) override {
        if (on_produce) on_produce(now);
        const std::lock_guard lock(mutex_);
        while (!to_say_.empty() && out.fits(to_say_.front().bytes.size())) {
            const auto& [path, bytes] = to_say_.front();
            std::ranges::copy(as_bytes(bytes), out.room(bytes.size()).begin());
            out.add(path, bytes.size());
            to_say_.pop_front();
        }
        return !to_say_.empty();
    }
    Clock::time_point next_deadline() override {
        return deadline ? deadline() : Clock::time_point::max();
    }
    void on_too_big(const UdpPath&, std::size_t size) override {
        const std::lock_guard lock(mutex_);
        too_big_.push_back(size);
    }

private:
    template <class T>
    T copy(const T& what) const {
        const std::lock_guard lock(mutex_);
        return what;
    }

    mutable std::mutex mutex_;
    std::deque<Datagram> to_say_;
    std::vector<std::pair<UdpPath, Bytes>> waiting_;
    std::vector<Datagram> heard_;
    std::vector<Datagram> unsealed_;
    std::vector<std::size_t> too_big_;
};

/// A link that runs, and is stopped at the end.
class RunningLink {
public:
    RunningLink(Loop& loop, DiskPool& disk, UdpRecorder& recorder,
                const std::string& host = "127.0.0.1", const UdpLinkOptions& options = {})
        : loop_(loop),
          link(open(loop, disk, host, options)),
          running_(loop.start(link.run(recorder))) {}
    ~RunningLink() {
        link.stop();
        loop_.finish(running_);
    }

    /// Waits until the link has ended, with what it throws.
    void finish() {
        loop_.finish(running_);
        if (running_->thrown) std::rethrow_exception(running_->thrown);
    }
    bool done() const { return running_->done; }
    UdpPath path() const { return {link.local(), {}}; }
    UdpPath path(const std::string& host) const {
        return {udp_address(host, link.local().port()), {}};
    }

private:
    static UdpLink open(Loop& loop, DiskPool& disk, const std::string& host,
                        const UdpLinkOptions& options) {
        auto opened = UdpLink::open(loop.executor(), disk, udp_address(host), options);
        if (!opened) FAIL(opened.error().context);
        return std::move(*opened);
    }

    Loop& loop_;

public:
    UdpLink link;

private:
    std::shared_ptr<Running<void>> running_;
};

/// A bare socket, whose datagrams have the seals that a test gives them.
struct BareUdp {
    explicit BareUdp(Loop& loop_, const std::string& host = "127.0.0.1")
        : loop(loop_), socket(loop_.io, Udp::endpoint(asio::ip::make_address(host), 0)) {
        socket.non_blocking(true);
    }

    void send(const UdpAddress& to, std::string_view bytes) {
        socket.send_to(asio::buffer(bytes), to.endpoint());
    }
    void send_sealed(const UdpAddress& to, std::string_view packet) {
        std::string datagram = std::string(packet) + "....";
        seal_datagram(std::as_writable_bytes(std::span(datagram)));
        send(to, datagram);
    }
    /// The next packet, and where it came from.
    std::string hear(UdpAddress* from = nullptr) {
        std::string datagram(70'000, '\0');
        std::size_t size = 0;
        Udp::endpoint sender;
        loop.run_until([&] {
            error_code error;
            size = socket.receive_from(asio::buffer(datagram), sender, 0, error);
            return !error;
        });
        datagram.resize(size);
        if (from != nullptr) *from = UdpAddress(sender);
        const auto packet = open_seal(as_bytes(datagram));
        return packet ? std::string(as_text(*packet)) : "wrong seal";
    }

    Loop& loop;
    asio::basic_datagram_socket<Udp, Executor> socket;
};

inline bool has_ipv6() {
    asio::io_context io;
    asio::basic_datagram_socket<Udp, Executor> socket(io, Udp::v6());
    error_code error;
    socket.bind(Udp::endpoint(asio::ip::address_v6::loopback(), 0), error);
    if (error) WARN("no IPv6 here: " << error.message());
    return !error;
}

}  // namespace netcopy::test
