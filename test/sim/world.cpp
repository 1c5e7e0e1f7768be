#include "test/sim/world.hpp"

#include <algorithm>

namespace netcopy::sim {

namespace {

using namespace std::chrono_literals;

constexpr Site client_site = 1, enemy_site = 2, server_site = 10;
constexpr auto breach = rudp::CloseCode::breach;
// After the last word: a server whose client is gone forgets it, cookies and time-outs included.
constexpr Duration silence_bound = 60s;

Address address(unsigned host, unsigned port) {
    Address made;
    made.ip[15] = static_cast<std::byte>(host);
    made.port = static_cast<std::uint16_t>(port);
    return made;
}

Address client_address(std::size_t index) {
    return address(1, 1000 + static_cast<unsigned>(index) * 1000);
}

Address server_address(std::size_t index) { return address(10 + static_cast<unsigned>(index), 7); }

}  // namespace

World::World(const Plan& plan, Trace trace)
    : plan_(plan), random_(plan.seed), network_(plan.start, random_.next()) {
    network_.trace(std::move(trace));
    content_.seed = random_.next();
    content_.file.size = plan.size;
    content_.file.mtime = static_cast<std::int64_t>(random_.next());
    for (std::byte& each : content_.file.tag) each = static_cast<std::byte>(random_.below(256));
    add_servers();
    add_clients();
    add_enemies();
    plan_accidents();
}

void World::add_servers() {
    for (std::size_t i = 0; i < plan_.servers; ++i) {
        Link& down = down_.emplace_back(plan_.down[i], random_.next());
        Link& up = up_.emplace_back(plan_.up[i], random_.next());
        const Site site = server_site + static_cast<Site>(i);
        for (const Site other : {client_site, enemy_site}) {
            network_.connect(site, other, {&down});
            network_.connect(other, site, {&up});
        }
        ServerOptions options;
        options.site = site;
        options.address = server_address(i);
        options.content = content_;
        options.interface_mtu = plan_.interface_mtu;
        options.seed = random_.next();
        servers_.emplace_back(network_, std::move(options));
    }
    network_.connect(enemy_site, client_site, {});
}

void World::add_clients() {
    clients_.resize(plan_.clients.size());
    for (std::size_t i = 0; i < plan_.clients.size(); ++i)
        network_.at(plan_.start + plan_.clients[i].begin, [this, i] { add_client(i); });
}

void World::add_client(std::size_t index) {
    const Plan::Client& plan = plan_.clients[index];
    ClientOptions options;
    options.site = client_site;
    options.address = client_address(index);
    for (const ServerHost& each : servers_) options.servers.push_back(each.address());
    if (plan.wrong_name) options.name = "another";
    options.truth = &content_;
    options.knows = plan.knows;
    options.wanted = plan.wanted;
    options.piece = plan.piece;
    options.ahead = plan.ahead;
    options.max_datagram = plan.max_datagram;
    options.receive_buffer = plan.receive_buffer;
    options.latency = plan.latency;
    options.silence = plan.silence;
    options.retry_pause = plan.retry_pause;
    options.may_be_lied_to = plan_.injector_lies;
    options.seed = Random::mix(plan_.seed + index);
    clients_[index] = std::make_unique<ClientHost>(network_, std::move(options));
}

void World::add_enemies() {
    const Time until = plan_.start + plan_.calm;
    for (std::size_t i = 0; i < plan_.liars.size(); ++i) {
        liars_.emplace_back(
            network_,
            LiarOptions{enemy_site, address(2, 100 + static_cast<unsigned>(i)), server_address(0),
                        "file", plan_.liars[i], until, random_.next()});
    }
    if (plan_.forger) {
        ForgerOptions options;
        options.site = enemy_site;
        options.address = address(2, 99);
        options.victims = {client_address(0), address(3, 1), address(3, 2)};
        options.server = server_address(0);
        options.until = until;
        options.seed = random_.next();
        forgers_.emplace_back(network_, std::move(options));
    }
    if (plan_.injector) {
        InjectorOptions options;
        options.site = enemy_site;
        options.connections = [this] { return overheard(); };
        for (std::size_t i = 0; i < plan_.clients.size(); ++i)
            options.clients.push_back(client_address(i));
        for (const ServerHost& each : servers_) options.servers.push_back(each.address());
        options.lies = plan_.injector_lies;
        options.until = until;
        options.seed = random_.next();
        injectors_.emplace_back(network_, std::move(options));
    }
}

std::vector<std::uint64_t> World::overheard() const {
    std::vector<std::uint64_t> known;
    for (const auto& client : clients_) {
        for (std::size_t i = 0; client && i < servers_.size(); ++i) {
            if (const auto* receiver = client->receiver(i)) known.push_back(receiver->connection());
        }
    }
    return known;
}

void World::set_faults(const Faults& down, const Faults& up) {
    for (Link& each : down_) each.options().faults = down;
    for (Link& each : up_) each.options().faults = up;
}

void World::plan_accidents() {
    for (const Plan::Change& each : plan_.changes) {
        network_.at(plan_.start + std::min(each.at, plan_.calm), [this, &each] {
            network_.note("other faults");
            set_faults(each.down, each.up);
        });
    }
    network_.at(plan_.start + plan_.calm, [this] {
        network_.note("all faults end");
        Faults none;
        none.mtu = plan_.last_mtu;
        set_faults(none, none);
        for (ServerHost& each : servers_) each.mend();
    });
    for (std::size_t i = 0; i < plan_.moves.size(); ++i) {
        network_.at(plan_.start + std::min(plan_.moves[i], plan_.calm), [this, i] {
            Address moved = client_address(0);
            moved.port = static_cast<std::uint16_t>(moved.port + 1 + i);
            if (clients_[0]) clients_[0]->move(moved);
        });
    }
    for (const Duration at : plan_.restarts)
        network_.at(plan_.start + std::min(at, plan_.calm), [this] { servers_[0].restart(); });
    for (std::size_t i = 0; i < plan_.spoils.size(); ++i) {
        network_.at(plan_.start + std::min(plan_.spoils[i], plan_.calm),
                    [this, i] { i % 2 == 0 ? servers_[0].spoil() : servers_[0].mend(); });
    }
}

bool World::all_done() const {
    return std::ranges::all_of(clients_, [](const auto& client) {
        return client && client->outcome() != ClientHost::Outcome::running && client->silent();
    });
}

void World::check_outcome(std::size_t index) const {
    using Outcome = ClientHost::Outcome;
    const ClientHost& client = *clients_[index];
    if (plan_.injector_lies) return;  // it may be told anything; wrong bytes are never "done"
    if (plan_.clients[index].wrong_name) {
        require(client.outcome() == Outcome::failed &&
                    client.failure() == rudp::CloseCode::no_such_file,
                "a file that is not there was not reported so");
    } else if (!plan_.injector) {  // a forged CLOSE may say what it likes
        require(client.outcome() == Outcome::done, "the transfer did not succeed");
    }
}

// Who acknowledges what was never sent is found out: some number in a thousand is left out.
void World::check_liars() const {
    for (std::size_t i = 0; i < liars_.size(); ++i) {
        const std::uint64_t last = servers_[0].last_number(liars_[i].connection());
        if (plan_.liars[i] == Lie::everything && plan_.restarts.empty())
            require(last < 20'000, "who acknowledged everything was never found out");
    }
}

Tally World::run() {
    const Time end = plan_.start + plan_.calm + 10s + plan_.bound();
    network_.run(end, [this] { return all_done() && network_.now() >= plan_.start + plan_.calm; });
    check_liars();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        require(clients_[i] && clients_[i]->outcome() != ClientHost::Outcome::running,
                "the transfer has not ended long after the faults have");
        require(clients_[i]->silent(), "the client still has connections though it is done");
        check_outcome(i);
    }
    const Time done = network_.now();
    network_.run(done + silence_bound, [] { return false; });
    require(network_.idle(), "it does not become silent");
    for (const ServerHost& each : servers_) {
        require(each.connections() == 0, "a server keeps a connection for ever");
        require(!plan_.liars.empty() || plan_.injector || !each.counts().ended.contains(breach),
                "an honest client was accused of a breach");
    }
    return tally();
}

Tally World::tally() const {
    Tally sum;
    sum.scenarios = 1;
    sum.transfers = clients_.size();
    for (const auto& each : clients_) {
        sum.done += each->outcome() == ClientHost::Outcome::done;
        sum.corrupt += each->outcome() == ClientHost::Outcome::corrupt;
        sum.failed += each->outcome() == ClientHost::Outcome::failed;
        sum.connections += each->counts().connections;
        sum.bytes += each->fresh_bytes();
        sum.moves += each->counts().moves;
        sum.overlaps += each->counts().overlaps;
    }
    sum.restarts = plan_.restarts.size();
    sum.liars = liars_.size();
    sum.forgers = forgers_.size();
    sum.injectors = injectors_.size();
    sum.unsealed = network_.counts().unsealed;
    sum.sent = network_.counts().sent;
    sum.events = network_.counts().events;
    sum.virtual_seconds = std::chrono::duration<double>(network_.now() - plan_.start).count();
    for (const Link& each : down_) sum.links += each.counts();
    for (const Link& each : up_) sum.links += each.counts();
    for (const ServerHost& each : servers_) {
        const ServerHost::Counts counts = each.counts();
        for (const auto& [code, count] : counts.ended) sum.ended[code] += count;
        sum.data_bytes += counts.data_bytes;
        sum.repeated_bytes += counts.repeated_bytes;
        sum.timeouts += counts.timeouts;
        sum.spurious += counts.spurious;
    }
    return sum;
}

Tally run_scenario(const Plan& plan, Trace trace) { return World(plan, std::move(trace)).run(); }

}  // namespace netcopy::sim
