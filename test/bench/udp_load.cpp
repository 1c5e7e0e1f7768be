// How fast the UDP link is by itself: one end sends packets to another over loopback, within a
// window that the receiver opens by counting aloud. Both ends are one process with two threads in
// the disk pool, so that CPU seconds are those of both. Prints one line of JSON.
//
//   netcopy_udp_load [--size BYTES] [--seconds N] [--no-segmentation] [--no-batches] [--sha256]
//
// --size is that of the datagrams, seal included. With --sha256 the receiver hashes the payload, as
// a download does.
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "crypto/digest.hpp"
#include "net/udp_link.hpp"

namespace {

using namespace netcopy;
using namespace std::chrono_literals;

constexpr std::size_t header_size = 48;  // about what a protocol needs

class Source final : public UdpHandler {
public:
    Source(UdpPath to, std::size_t packet, std::size_t window)
        : to_(to), packet_(packet), window_(window), file_(std::size_t{64} << 20, std::byte{7}) {}

    void on_datagram(Clock::time_point now, const UdpPath&, Bytes packet) override {
        std::uint64_t count = 0;
        std::memcpy(&count, packet.data(), std::min(packet.size(), sizeof count));
        acknowledged_ = std::max(acknowledged_, count);
        heard_ = now;
    }
    void after_batch(Clock::time_point) override {}
    bool produce(Clock::time_point now, UdpBatch& out) override {
        if (now - heard_ > 50ms) {  // lost: a protocol would repeat it
            lost_ += sent_ - acknowledged_ - lost_;
            heard_ = now;
        }
        while (sent_ - acknowledged_ - lost_ + packet_ <= window_) {
            const MutableBytes room = out.room(packet_);
            if (room.empty()) return true;
            std::fill_n(room.begin(), header_size, std::byte{1});
            const std::size_t payload = packet_ - header_size;
            if (at_ + payload > file_.size()) at_ = 0;
            std::memcpy(room.data() + header_size, file_.data() + at_, payload);
            at_ += payload;
            out.add(to_, packet_);
            sent_ += packet_;
        }
        return false;
    }
    Clock::time_point next_deadline() override { return heard_ + 51ms; }
    void on_too_big(const UdpPath&, std::size_t) override { std::abort(); }

    std::uint64_t lost() const { return lost_; }

private:
    const UdpPath to_;
    const std::size_t packet_, window_;
    const std::vector<std::byte> file_;
    std::size_t at_ = 0;
    std::uint64_t sent_ = 0, acknowledged_ = 0, lost_ = 0;  // bytes of packets
    Clock::time_point heard_ = Clock::now();
};

class Sink final : public UdpHandler {
public:
    explicit Sink(bool hashes) : hashes_(hashes) {}

    void on_datagram(Clock::time_point, const UdpPath& from, Bytes packet) override {
        from_ = from;
        received_ += packet.size();
        if (hashes_) digest_.update(packet.subspan(std::min(packet.size(), header_size)));
    }
    void after_batch(Clock::time_point) override { says_ = true; }
    bool produce(Clock::time_point, UdpBatch& out) override {
        if (!says_) return false;
        says_ = false;
        std::memcpy(out.room(sizeof received_).data(), &received_, sizeof received_);
        out.add(from_, sizeof received_);
        return false;
    }
    Clock::time_point next_deadline() override { return Clock::time_point::max(); }
    void on_too_big(const UdpPath&, std::size_t) override {}

    std::uint64_t received() const { return received_; }

private:
    const bool hashes_;
    Digest digest_{DigestKind::sha256};
    UdpPath from_;
    std::uint64_t received_ = 0;
    bool says_ = false;
};

struct Options {
    std::size_t size = 1472;
    double seconds = 2;
    bool sha256 = false;
    UdpLinkOptions link;
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--no-segmentation") {
            options.link.segmentation = false;
        } else if (word == "--no-batches") {
            options.link.batches = false;
        } else if (word == "--sha256") {
            options.sha256 = true;
        } else if (word == "--size" && i + 1 < argc) {
            options.size = std::strtoul(argv[++i], nullptr, 10);
        } else if (word == "--seconds" && i + 1 < argc) {
            options.seconds = std::strtod(argv[++i], nullptr);
        } else {
            std::fprintf(stderr, "netcopy_udp_load: what is '%s'?\n", argv[i]);
            std::exit(2);
        }
    }
    if (options.size < 100 || options.size > max_datagram || !(options.seconds > 0)) {
        std::fprintf(stderr, "netcopy_udp_load: --size: 100 to %zu\n", max_datagram);
        std::exit(2);
    }
    return options;
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void print(const Options& options, double wall, double cpu, const Source& source, const Sink& sink,
           const UdpCounters& sent, const UdpCounters& received) {
    const auto bytes = static_cast<double>(sink.received());
    std::printf(
        "{\"size\": %zu, \"segmentation\": %s, \"batches\": %s, \"sha256\": %s, "
        "\"GB/s\": %.3f, \"cpu s/GB\": %.3f, \"wall s\": %.2f, \"lost\": %llu, "
        "\"datagrams/send call\": %.1f, \"datagrams/receive call\": %.1f, "
        "\"overflowed\": %llu, \"jobs/s\": %.0f}\n",
        options.size, options.link.segmentation ? "true" : "false",
        options.link.batches ? "true" : "false", options.sha256 ? "true" : "false",
        bytes / wall / 1e9, cpu / bytes * 1e9, wall, static_cast<unsigned long long>(source.lost()),
        static_cast<double>(sent.sent) / static_cast<double>(sent.send_calls),
        static_cast<double>(received.received) / static_cast<double>(received.receive_calls),
        static_cast<unsigned long long>(received.overflowed),
        static_cast<double>(sent.jobs + received.jobs) / wall);
}

int run(const Options& options) {
    asio::io_context io(1);
    DiskPool disk(2);
    const UdpAddress loopback(asio::ip::address_v4::loopback(), 0);
    auto left = UdpLink::open(io.get_executor(), disk, loopback, options.link);
    auto right = UdpLink::open(io.get_executor(), disk, loopback, options.link);
    if (!left || !right) {
        std::fprintf(stderr, "netcopy_udp_load: %s\n",
                     (left ? right : left).error().context.c_str());
        return 1;
    }
    Source source({right->local(), {}}, options.size - udp_seal_size, right->receive_buffer() / 2);
    Sink sink(options.sha256);
    const auto began = Clock::now();
    const double cpu = cpu_seconds();
    Timer end(io, std::chrono::duration_cast<Clock::duration>(
                      std::chrono::duration<double>(options.seconds)));
    end.async_wait([&](const error_code&) {
        left->stop();
        right->stop();
    });
    asio::co_spawn(io, left->run(source), asio::detached);
    asio::co_spawn(io, right->run(sink), asio::detached);
    io.run();
    const double wall = std::chrono::duration<double>(Clock::now() - began).count();
    print(options, wall, cpu_seconds() - cpu, source, sink, left->counters(), right->counters());
    return sink.received() > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return run(parse(argc, argv)); }
