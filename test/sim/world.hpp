#pragma once

#include <deque>

#include "test/sim/scenario.hpp"

namespace netcopy::sim {

/// A plan's network with everybody in it.
class World {
public:
    World(const Plan& plan, Trace trace);

    Tally run();

private:
    void add_servers();
    void add_clients();
    void add_client(std::size_t index);
    void add_enemies();
    void plan_accidents();
    void set_faults(const Faults& down, const Faults& up);
    bool all_done() const;
    void check_outcome(std::size_t index) const;
    void check_liars() const;
    Tally tally() const;
    std::vector<std::uint64_t> overheard() const;

    const Plan& plan_;
    Random random_;
    Network network_;
    Content content_;
    std::deque<Link> down_, up_;
    std::deque<ServerHost> servers_;
    std::deque<std::unique_ptr<ClientHost>> clients_;  // null: has not begun yet
    std::deque<LiarHost> liars_;
    std::deque<ForgerHost> forgers_;
    std::deque<InjectorHost> injectors_;
};

}  // namespace netcopy::sim
