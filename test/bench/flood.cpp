// A flood of forged packets for a file server, from many loopback addresses, as fast as one thread
// can: requests without a cookie and with a wrong one, acknowledgements of connections that nobody
// has, and rubbish. Counts what comes back, and prints one line of JSON.
//
//   netcopy_flood 127.0.0.1:PORT SECONDS NAME
//
// NAME is that of a file that the server has. Bounded: 60 seconds, 100 million packets; SIGTERM
// ends it earlier.

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/endpoint.hpp"
#include "net/udp_seal.hpp"
#include "rudp/packet.hpp"

namespace {

using namespace netcopy;

constexpr std::size_t batch = 64;
constexpr double most_seconds = 60;
constexpr std::uint64_t most_packets = 100'000'000;
constexpr std::size_t room = 2048;

struct Counts {
    std::uint64_t sent = 0, sent_bytes = 0, answers = 0, answer_bytes = 0;
};

/// Packets that are new each time, as a forger's would be.
class Forger {
public:
    explicit Forger(std::string name) : name_(std::move(name)) {}

    /// Bytes of the datagram.
    std::size_t forge(MutableBytes out) {
        const MutableBytes place = out.first(room - udp_seal_size);
        std::size_t size = 0;
        switch (random_() % 8) {
            case 0:  // what no program of ours would say, sealed
                size = 100;
                std::ranges::generate(place.first(size), [this] { return std::byte(random_()); });
                break;
            case 1: {
                rudp::Ack ack;
                ack.range_count = 1;
                ack.ranges[0] = {0, random_() % 1000};
                size = rudp::write_ack(header(rudp::Kind::ack), ack, place);
                break;
            }
            default:
                size = rudp::write_request(header(rudp::Kind::request), request(), place);
        }
        seal_datagram(out.first(size + udp_seal_size));
        if (random_() % 16 == 0) out[0] ^= std::byte{1};  // damaged
        return size + udp_seal_size;
    }

private:
    rudp::Header header(rudp::Kind kind) { return {kind, random_(), random_() % 100}; }

    rudp::Request request() {
        rudp::Request request;
        request.wish = {0, UINT64_MAX};
        request.name = name_;
        if (random_() % 2 == 0) {
            rudp::Cookie cookie{};
            std::ranges::generate(cookie, [this] { return std::byte(random_()); });
            // A time that is not refused at once: the first seconds of the server.
            std::fill_n(cookie.begin(), 5, std::byte{0});
            request.cookie = cookie;
        }
        return request;
    }

    std::mt19937_64 random_{1};
    const std::string name_;
};

/// Sends from any address in 127.0.0.0/8: they are all this machine's.
class Guns {
public:
    explicit Guns(const Endpoint& target) {
        to_.sin_family = AF_INET;
        to_.sin_port = htons(target.port);
        to_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (int& fd : sockets_) {
            fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            const sockaddr_in any{AF_INET, 0, {INADDR_ANY}, {}};
            if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) {
                throw std::runtime_error("no sockets");
            }
        }
    }

    void fire(Forger& forger, Counts& counts) {
        for (std::size_t i = 0; i < batch; ++i) load(i, forger);
        const int fd = sockets_[turn_++ % sockets_.size()];
        const int sent = ::sendmmsg(fd, headers_.data(), batch, MSG_DONTWAIT);
        for (int i = 0; i < sent; ++i) {
            ++counts.sent;
            counts.sent_bytes += places_[static_cast<std::size_t>(i)].iov_len;
        }
        count_answers(fd, counts);
    }
    void count_answers(Counts& counts) {
        for (const int fd : sockets_) count_answers(fd, counts);
    }

private:
    void load(std::size_t i, Forger& forger) {
        places_[i] = {buffers_[i].data(), forger.forge(buffers_[i])};
        auto* const control = reinterpret_cast<cmsghdr*>(controls_[i].bytes.data());
        control->cmsg_level = IPPROTO_IP;
        control->cmsg_type = IP_PKTINFO;
        control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
        in_pktinfo info{};
        info.ipi_spec_dst.s_addr = htonl(0x7f000002 + source_++ % 0xfffff0);
        std::memcpy(CMSG_DATA(control), &info, sizeof info);
        msghdr& header = headers_[i].msg_hdr;
        header.msg_name = &to_;
        header.msg_namelen = sizeof to_;
        header.msg_iov = &places_[i];
        header.msg_iovlen = 1;
        header.msg_control = controls_[i].bytes.data();
        header.msg_controllen = controls_[i].bytes.size();
    }

    static void count_answers(int fd, Counts& counts) {
        char buffer[room];
        for (;;) {
            const ssize_t size = ::recv(fd, buffer, sizeof buffer, MSG_TRUNC);
            if (size < 0) return;
            ++counts.answers;
            counts.answer_bytes += static_cast<std::uint64_t>(size);
        }
    }

    struct Control {
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in_pktinfo))> bytes;
    };
    sockaddr_in to_{};
    std::array<int, 16> sockets_{};
    std::size_t turn_ = 0;
    std::uint32_t source_ = 0;
    std::array<mmsghdr, batch> headers_{};
    std::array<iovec, batch> places_{};
    std::array<Control, batch> controls_{};
    std::array<std::array<std::byte, room>, batch> buffers_{};
};

volatile std::sig_atomic_t enough = 0;

int run(const Endpoint& target, double seconds, const std::string& name) {
    using Clock = std::chrono::steady_clock;
    Forger forger(name);
    Guns guns(target);
    Counts counts;
    const auto began = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
    std::signal(SIGTERM, [](int) { enough = 1; });
    while (!enough && passed() < seconds && counts.sent < most_packets) guns.fire(forger, counts);
    const double fired = passed();
    while (passed() < fired + 0.2) guns.count_answers(counts);  // the last ones
    std::printf(
        "{\"seconds\": %.3f, \"sent\": %llu, \"sent_bytes\": %llu, \"answers\": %llu, "
        "\"answer_bytes\": %llu}\n",
        fired, static_cast<unsigned long long>(counts.sent),
        static_cast<unsigned long long>(counts.sent_bytes),
        static_cast<unsigned long long>(counts.answers),
        static_cast<unsigned long long>(counts.answer_bytes));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto target = argc == 4 ? parse_endpoint(argv[1], std::nullopt) : Endpoint{};
    const double seconds = argc == 4 ? std::atof(argv[2]) : 0;
    if (!target || target->host != "127.0.0.1" || seconds <= 0 || seconds > most_seconds) {
        std::fprintf(stderr, "usage: netcopy_flood 127.0.0.1:PORT SECONDS NAME\n");
        return 2;
    }
    try {
        return run(*target, seconds, argv[3]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "netcopy_flood: %s\n", error.what());
        return 1;
    }
}
