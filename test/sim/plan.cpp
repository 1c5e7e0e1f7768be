#include "test/sim/plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace netcopy::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t mtus[] = {1228, 1280, 1400, 1480, 1492, 1500, 1500, 4460, 9000, 65535};

double log_uniform(Random& random, double least, double most) {
    return least * std::pow(most / least, random.unit());
}

Duration seconds(double value) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

std::uint64_t draw_size(Random& random) {
    const double kind = random.unit();
    if (kind < 0.04) return 0;
    if (kind < 0.10) return random.between(1, 10);
    if (kind < 0.35) return random.between(1, 5000);
    if (kind < 0.75) return static_cast<std::uint64_t>(log_uniform(random, 1000, 100e3));
    if (kind < 0.97) return static_cast<std::uint64_t>(log_uniform(random, 50e3, 1e6));
    return static_cast<std::uint64_t>(log_uniform(random, 1e6, 20e6));
}

LinkOptions draw_link(Random& random) {
    LinkOptions link;
    link.rate = log_uniform(random, 100e3, 1e9) / 8;
    link.delay = seconds(log_uniform(random, 20e-6, 0.3));
    if (random.chance(0.3)) link.jitter = seconds(random.unit() * 0.02);
    const double bdp = link.rate * 2 * std::chrono::duration<double>(link.delay).count();
    link.queue = static_cast<std::uint64_t>(std::max(bdp * log_uniform(random, 0.3, 4), 20e3));
    return link;
}

Faults draw_faults(Random& random) {
    Faults faults;
    if (random.chance(0.5)) faults.loss = log_uniform(random, 0.001, 0.4);
    if (random.chance(0.2)) {
        faults.burst_begin = log_uniform(random, 0.0005, 0.05);
        faults.burst_end = log_uniform(random, 0.02, 0.5);
        faults.burst_loss = random.chance(0.5) ? 1 : random.unit();
    }
    if (random.chance(0.2)) faults.duplicate = log_uniform(random, 0.001, 0.5);
    if (random.chance(0.3)) {
        faults.reorder = log_uniform(random, 0.001, 0.5);
        faults.reorder_by = seconds(log_uniform(random, 100e-6, 0.2));
    }
    if (random.chance(0.2)) faults.corrupt = log_uniform(random, 0.001, 0.3);
    if (random.chance(0.04)) faults.loss = 1;  // nothing at all passes
    return faults;
}

std::size_t draw_mtu(Random& random) { return mtus[random.below(std::size(mtus))]; }

Plan::Client draw_client(Random& random, std::uint64_t size) {
    Plan::Client client;
    if (random.chance(0.25)) {
        const std::uint64_t a = random.below(size + 1), b = random.below(size + 1);
        client.wanted = {std::min(a, b), std::max(a, b)};
        if (random.chance(0.2)) client.wanted.end += random.below(1000);
    }
    const auto whole = static_cast<double>(std::max<std::uint64_t>(size, 2));
    client.piece =
        static_cast<std::uint64_t>(log_uniform(random, std::max(1.0, whole / 250), whole));
    client.ahead = static_cast<std::uint64_t>(log_uniform(random, 10e3, 64e6));
    client.knows = random.chance(0.7);
    client.wrong_name = random.chance(0.02);
    client.max_datagram =
        random.chance(0.7) ? rudp::largest_datagram : random.between(rudp::least_datagram, 9000);
    client.receive_buffer = static_cast<std::uint32_t>(log_uniform(random, 70e3, 4e6));
    if (random.chance(0.4)) client.latency = seconds(log_uniform(random, 10e-6, 0.005));
    client.silence = seconds(random.unit() * 15 + 3);
    client.retry_pause = seconds(log_uniform(random, 0.01, 1));
    if (random.chance(0.3)) client.begin = seconds(random.unit() * 2);
    return client;
}

void draw_accidents(Random& random, Plan& plan) {
    plan.calm = seconds(log_uniform(random, 0.1, 30));
    const auto some_time = [&] { return seconds(random.unit() * 1.0) * (plan.calm / 1s + 1); };
    if (random.chance(0.7)) {
        Plan::Change first;
        first.down = draw_faults(random);
        first.up = random.chance(0.5) ? first.down : draw_faults(random);
        if (random.chance(0.3)) first.at = some_time();
        plan.changes.push_back(first);
        while (random.chance(0.3))
            plan.changes.push_back({some_time(), draw_faults(random), draw_faults(random)});
    }
    if (random.chance(0.2)) plan.last_mtu = draw_mtu(random);  // another way than before
    for (Plan::Change& each : plan.changes) each.down.mtu = each.up.mtu = plan.first_mtu;
    while (random.chance(0.06)) plan.moves.push_back(some_time());
    while (random.chance(0.05)) plan.restarts.push_back(some_time());
    if (random.chance(0.03)) plan.spoils = {some_time()};
    if (plan.spoils.size() == 1) plan.spoils.push_back(plan.spoils[0] + some_time());
}

void draw_enemies(Random& random, Plan& plan) {
    while (random.chance(0.05)) {
        plan.liars.push_back(
            static_cast<Lie>(random.below(static_cast<std::uint64_t>(Lie::count))));
    }
    plan.forger = random.chance(0.05);
    plan.injector = random.chance(0.05);
    plan.injector_lies = plan.injector && random.chance(0.4);
}

}  // namespace

Plan draw_plan(std::uint64_t seed) {
    Random random(Random::mix(seed));
    Plan plan;
    plan.seed = seed;
    plan.start = Time(Duration(random.below(1ULL << 50)));
    plan.size = draw_size(random);
    plan.servers = random.chance(0.15) ? static_cast<unsigned>(random.between(2, 4)) : 1;
    if (random.chance(0.1)) plan.interface_mtu = draw_mtu(random);
    plan.first_mtu = plan.last_mtu = draw_mtu(random);
    for (unsigned i = 0; i < plan.servers; ++i) {
        LinkOptions down = draw_link(random);
        down.queue = std::max<std::uint64_t>(down.queue, 10 * plan.first_mtu);
        down.faults.mtu = plan.first_mtu;
        LinkOptions up = down;
        up.rate = std::max(down.rate / log_uniform(random, 1, 20), 100e3 / 8);
        // No transfer takes more than about a minute.
        plan.size = std::min(plan.size, static_cast<std::uint64_t>(down.rate * 30));
        plan.down.push_back(down);
        plan.up.push_back(up);
    }
    do {
        plan.clients.push_back(draw_client(random, plan.size));
    } while (plan.clients.size() < 4 && random.chance(0.1));
    if (random.chance(0.75)) draw_accidents(random, plan);
    if (random.chance(0.3)) draw_enemies(random, plan);
    return plan;
}

Duration Plan::bound() const {
    double slowest = 1e12, longest = 0;
    for (const LinkOptions& each : down) {
        slowest = std::min(slowest, each.rate);
        longest =
            std::max(longest, std::chrono::duration<double>(2 * each.delay + each.jitter).count());
    }
    const double all = static_cast<double>(size) * static_cast<double>(clients.size());
    // Time-outs of both sides and new attempts, and then everything anew, at a fifth of the rate.
    return 100s + seconds(5 * all / slowest + 60 * longest);
}

std::string describe(const Plan& plan) {
    char text[400];
    std::snprintf(
        text, sizeof(text),
        "%llu bytes, %u servers, %zu clients, %.3f Mbit/s, %.1f ms, queue %llu, calm at "
        "%.2f s, %zu changes, mtu %zu then %zu, %zu moves, %zu restarts, %zu spoils, %zu liars, "
        "forger %d, injector %d/%d",
        static_cast<unsigned long long>(plan.size), plan.servers, plan.clients.size(),
        plan.down[0].rate * 8e-6, std::chrono::duration<double>(plan.down[0].delay).count() * 2e3,
        static_cast<unsigned long long>(plan.down[0].queue),
        std::chrono::duration<double>(plan.calm).count(), plan.changes.size(), plan.first_mtu,
        plan.last_mtu, plan.moves.size(), plan.restarts.size(), plan.spoils.size(),
        plan.liars.size(), plan.forger, plan.injector, plan.injector_lies);
    return text;
}

}  // namespace netcopy::sim
