#pragma once

#include <cstdint>
#include <string>

#include "file/source.hpp"
#include "net/udp_address.hpp"
#include "rudp/sender.hpp"
#include "session/shared_folder.hpp"

namespace netcopy {

/// One connection of a FetchServer: the state machine, the file that it sends, and the way to the
/// client. In the handler's job.
class FetchSending {
public:
    struct Opening {
        std::uint64_t connection = 0;
        UdpPath from;
        rudp::Request request;
        rudp::Duration rtt{};  ///< age of the cookie
    };
    FetchSending(const Opening& opening, SharedFile listed, FileSource source,
                 Clock::time_point now);
    FetchSending(const FetchSending&) = delete;
    FetchSending& operator=(const FetchSending&) = delete;

    rudp::Sender& sender() { return sender_; }
    const UdpPath& path() const { return path_; }
    const UdpAddress& opened_by() const { return opened_by_; }
    std::uint64_t connection() const { return connection_; }
    const std::string& name() const { return listed_.name; }
    std::uint64_t size() const { return listed_.status.size; }

    /// Whence a packet of it came last.
    void seen(const UdpPath& from);
    /// The way to an address that the state machine names; null: none that we know.
    const UdpPath* path_to(const rudp::Address& address);
    /// Now and then: closes the connection when the file is not what it was.
    void look_at_file(Clock::time_point now);

    bool ready = false;           ///< stands in the server's row
    Clock::time_point last_sent;  ///< anything

private:
    static rudp::SenderOptions options(FetchSending& self, const Opening& opening);
    bool read(std::uint64_t offset, MutableBytes buffer);
    bool as_listed() const { return source_.unchanged() && source_.in_place(); }

    const std::uint64_t connection_;
    SharedFile listed_;
    FileSource source_;
    UdpPath path_;   // of the peer
    UdpPath other_;  // whence something came that is perhaps the peer's new address
    const UdpAddress opened_by_;
    Clock::time_point looked_;
    std::uint64_t hinted_ = 0;  // bytes up to here are being read ahead
    rudp::Sender sender_;
};

}  // namespace netcopy
