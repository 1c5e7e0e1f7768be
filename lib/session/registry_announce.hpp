#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "net/endpoint.hpp"
#include "net/task.hpp"
#include "session/dialects.hpp"

namespace netcopy {

class SharedFolder;

struct AnnouncerPlan {
    Endpoint master;
    std::uint16_t udp_port = 0;  ///< where clients are to ask for files
    /// Name or number under which clients reach us; empty: whatever the master sees us as.
    std::string host = {};
    /// `seed`, or a master of another make with `both`: only names are announced, by the seed's
    /// protocol, for clients that download by bare datagrams.
    Dialects dialects = Dialects::netcopy;
    std::chrono::milliseconds first_pause{500};  ///< before connecting again; doubles
    std::chrono::milliseconds longest_pause{30000};
};

/// The file server's side of a registration (docs/protocol/registry.md): tells a master which files
/// a shared folder has, then what changes, for as long as it runs. When the master is not there, or
/// is lost (no sign of life for 6 s), it connects again, with growing pauses of random length;
/// each loss is said once in the log, each registration too.
class Announcer {
public:
    /// `folder` must outlive run(), and is followed by this one announcer only. All on one network
    /// thread, that of SharedFolder::open().
    Announcer(AnnouncerPlan plan, SharedFolder& folder, const Executor& executor);
    ~Announcer();

    /// Until stop(), or until it is cancelled. Does not throw.
    Task<> run();
    /// The connection to the master is closed: our files leave its catalogue.
    void stop();

    /// The master has all that the folder has, as far as we know.
    bool registered() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace netcopy
