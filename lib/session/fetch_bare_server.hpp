#pragma once

#include <functional>
#include <list>

#include "file/flat_folder.hpp"
#include "net/udp_handler.hpp"
#include "session/share_service.hpp"
#include "session/shared_folder.hpp"

namespace netcopy {

/// The seed's way to download (--legacy-udp): a datagram with a bare name is answered with the
/// file's bytes, in datagrams of up to 1,024, and an empty one at the end; `ERR` when there is no
/// such file. No numbers, no acknowledgement: what is lost stays lost, and whoever writes another's
/// address into a datagram has the file sent there. Hence off by default, paced, and few at a time.
/// In a handler's job.
class FetchBareServer {
public:
    static constexpr std::size_t datagram = 1024;             ///< bytes at most
    static constexpr std::uint64_t bytes_a_second = 4 << 20;  ///< each
    static constexpr std::size_t most_transfers = 32;

    FetchBareServer(const SharedFolder& folder, const FlatFolder& files,
                    std::function<void(const ServedFile&)> on_served)
        : folder_(folder), files_(files), on_served_(std::move(on_served)) {}

    void on_datagram(Clock::time_point now, const UdpPath& from, Bytes packet);
    /// False: no more for now.
    bool produce(Clock::time_point now, UdpBatch& out);
    Clock::time_point next_deadline() const;
    bool idle() const { return transfers_.empty(); }

private:
    struct Transfer {
        UdpPath to;
        std::string name;
        FileSource source;
        std::uint64_t size = 0;
        std::uint64_t sent = 0;
        Clock::time_point begun;
        Clock::time_point next;  ///< when the next datagram is due
    };
    bool send_some(Clock::time_point now, Transfer& transfer, UdpBatch& out, bool& full);
    void end(const Transfer& transfer, Result<> outcome) const;

    const SharedFolder& folder_;
    const FlatFolder& files_;
    std::function<void(const ServedFile&)> on_served_;
    std::list<Transfer> transfers_;
    std::vector<UdpPath> errors_;  // to whom ERR is due
};

}  // namespace netcopy
