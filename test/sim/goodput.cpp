#include "test/sim/goodput.hpp"

#include <algorithm>

#include "test/sim/client_host.hpp"
#include "test/sim/cubic.hpp"
#include "test/sim/server_host.hpp"

namespace netcopy::sim {

namespace {

using namespace std::chrono_literals;

constexpr Site near = 1, far = 2;
constexpr double shared_rate = 100e6;  // bits per second
constexpr Duration late = 3s;          // the second flow's beginning
constexpr Duration together = 12s;     // until they are measured
constexpr Duration measured = 30s;

Address address(unsigned host, unsigned port) {
    Address made;
    made.ip[15] = static_cast<std::byte>(host);
    made.port = static_cast<std::uint16_t>(port);
    return made;
}

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

LinkOptions link_of(double bits, Duration round_trip, double loss, double queue_in_bdp) {
    LinkOptions link;
    link.rate = bits / 8;
    link.delay = round_trip / 2;
    const double bdp = link.rate * in_seconds(round_trip);
    link.queue = static_cast<std::uint64_t>(std::max(bdp * queue_in_bdp, 64.0 * 1024));
    link.faults.loss = loss;
    link.faults.mtu = 1500;
    return link;
}

/// A link between two sites, a file server on one and clients on the other.
struct Bench {
    Bench(const LinkOptions& link, std::uint64_t bytes, std::uint64_t seed)
        : random(seed),
          network(Time(1000s), random.next()),
          down(link, random.next()),
          up(link, random.next()) {
        network.connect(far, near, {&down});
        network.connect(near, far, {&up});
        content.seed = random.next();
        content.file.size = bytes;
        content.file.tag.fill(std::byte{1});
        ServerOptions options;
        options.site = far;
        options.address = address(2, 7);
        options.content = content;
        options.interface_mtu = 1500;
        options.seed = random.next();
        server = std::make_unique<ServerHost>(network, std::move(options));
    }
    std::unique_ptr<ClientHost> client(unsigned port) {
        ClientOptions options;
        options.site = near;
        options.address = address(1, port);
        options.servers = {server->address()};
        options.truth = &content;
        options.piece = 2 << 20;
        options.ahead = 64 << 20;
        options.receive_buffer = 4 << 20;
        options.latency = 250us;
        options.seed = random.next();
        return std::make_unique<ClientHost>(network, std::move(options));
    }
    CubicOptions cubic(unsigned port, Duration begin) {
        CubicOptions options;
        options.site = far;
        options.peer_site = near;
        options.address = address(2, port);
        options.peer = address(1, port);
        options.start = network.now() + begin;
        return options;
    }
    void run(Duration until) {
        network.run(start + until, [] { return false; });
    }

    Random random;
    Network network;
    Link down, up;
    Content content;
    std::unique_ptr<ServerHost> server;
    Time start = network.now();
};

double share(std::uint64_t before, std::uint64_t after) {
    const double rate = static_cast<double>(after - before) * 8 / in_seconds(measured);
    return rate / (shared_rate / 2);
}

/// Lets two flows run, and sees what each has delivered in the time measured.
template <class First, class Second>
Shares measure(Bench& bench, First first, Second second) {
    bench.run(late + together);
    const std::uint64_t before_first = first(), before_second = second();
    bench.run(late + together + measured);
    return {share(before_first, first()), share(before_second, second())};
}

}  // namespace

std::vector<GoodputRow> goodput_rows() {
    return {
        {200e6, 20ms, 0, 100'000'000, 0.90},     {200e6, 20ms, 0.01, 100'000'000, 0.90},
        {200e6, 20ms, 0.05, 100'000'000, 0.85},  {200e6, 100ms, 0, 100'000'000, 0.82},
        {200e6, 100ms, 0.01, 100'000'000, 0.82}, {200e6, 100ms, 0.05, 100'000'000, 0.75},
        {200e6, 300ms, 0.01, 100'000'000, 0.50}, {1e9, 100ms, 0.01, 100'000'000, 0.60},
    };
}

double goodput(const GoodputRow& row, std::uint64_t seed) {
    Bench bench(link_of(row.rate, row.round_trip, row.loss, 1), row.bytes, seed);
    const auto client = bench.client(1000);
    const Time end = bench.start + 600s;
    bench.network.run(end, [&] { return client->outcome() != ClientHost::Outcome::running; });
    require(client->outcome() == ClientHost::Outcome::done, "the transfer did not end");
    const double took = in_seconds(bench.network.now() - bench.start);
    return static_cast<double>(row.bytes) * 8 / took / row.rate;
}

Shares two_flows(Duration round_trip, double queue_in_bdp, std::uint64_t seed) {
    Bench bench(link_of(shared_rate, round_trip, 0, queue_in_bdp), 1'000'000'000, seed);
    const auto first = bench.client(1000);
    std::unique_ptr<ClientHost> second;
    bench.network.at(bench.start + late, [&] { second = bench.client(2000); });
    return measure(
        bench, [&] { return first->fresh_bytes(); }, [&] { return second->fresh_bytes(); });
}

Shares beside_cubic(Duration round_trip, double queue_in_bdp, std::uint64_t seed) {
    Bench bench(link_of(shared_rate, round_trip, 0, queue_in_bdp), 1'000'000'000, seed);
    const CubicOptions options = bench.cubic(5001, Duration{});
    CubicReceiver receiver(bench.network, options);
    CubicSender cubic(bench.network, options);
    std::unique_ptr<ClientHost> ours;
    bench.network.at(bench.start + late, [&] { ours = bench.client(2000); });
    return measure(
        bench, [&] { return ours->fresh_bytes(); }, [&] { return cubic.delivered(); });
}

Shares two_cubics(Duration round_trip, double queue_in_bdp, std::uint64_t seed) {
    Bench bench(link_of(shared_rate, round_trip, 0, queue_in_bdp), 0, seed);
    const CubicOptions one = bench.cubic(5001, Duration{}), two = bench.cubic(5002, late);
    CubicReceiver first_receiver(bench.network, one), second_receiver(bench.network, two);
    CubicSender first(bench.network, one), second(bench.network, two);
    return measure(
        bench, [&] { return first.delivered(); }, [&] { return second.delivered(); });
}

}  // namespace netcopy::sim
