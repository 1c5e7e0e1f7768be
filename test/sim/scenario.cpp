#include "test/sim/scenario.hpp"

#include <cstdio>

namespace netcopy::sim {

namespace {

using Count = unsigned long long;

const char* name_of(rudp::CloseCode code) {
    static constexpr const char* names[] = {"done",     "no such file", "changed", "busy",
                                            "refused",  "unreadable",   "breach",  "idle",
                                            "stopping", "unknown"};
    const auto number = static_cast<std::size_t>(code);
    return number < std::size(names) ? names[number] : "other codes";
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
    scenarios += other.scenarios;
    transfers += other.transfers;
    done += other.done;
    corrupt += other.corrupt;
    failed += other.failed;
    connections += other.connections;
    bytes += other.bytes;
    moves += other.moves;
    restarts += other.restarts;
    liars += other.liars;
    forgers += other.forgers;
    injectors += other.injectors;
    overlaps += other.overlaps;
    unsealed += other.unsealed;
    sent += other.sent;
    events += other.events;
    virtual_seconds += other.virtual_seconds;
    links += other.links;
    for (const auto& [code, count] : other.ended) ended[code] += count;
    data_bytes += other.data_bytes;
    repeated_bytes += other.repeated_bytes;
    timeouts += other.timeouts;
    spurious += other.spurious;
    return *this;
}

void print(const Tally& tally) {
    const auto line = [](const char* what, Count count) {
        if (count != 0) std::printf("%-28s %14llu\n", what, count);
    };
    line("scenarios", tally.scenarios);
    line("transfers", tally.transfers);
    line("  done", tally.done);
    line("  found corrupt", tally.corrupt);
    line("  failed", tally.failed);
    line("bytes fetched", tally.bytes);
    line("connections", tally.connections);
    std::map<std::string, Count> ended;
    for (const auto& [code, count] : tally.ended) ended[name_of(code)] += count;
    for (const auto& [name, count] : ended) line(("  ended: " + name).c_str(), count);
    line("bytes sent", tally.data_bytes);
    line("  again", tally.repeated_bytes);
    line("probe time-outs", tally.timeouts);
    line("packets late, not lost", tally.spurious);
    line("packets", tally.sent);
    line("  lost", tally.links.lost);
    line("  lost for a full queue", tally.links.overflowed);
    line("  doubled", tally.links.duplicated);
    line("  late", tally.links.reordered);
    line("  damaged", tally.links.corrupted);
    line("  damaged, and noticed", tally.unsealed);
    line("  too big for the path", tally.links.too_big);
    line("clients that moved", tally.moves);
    line("server restarts", tally.restarts);
    line("lying clients", tally.liars);
    line("forgers", tally.forgers);
    line("injectors", tally.injectors);
    line("content that overlapped", tally.overlaps);
    line("events", tally.events);
    line("virtual seconds", static_cast<Count>(tally.virtual_seconds));
}

}  // namespace netcopy::sim
