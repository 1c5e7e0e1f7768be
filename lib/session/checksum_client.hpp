#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/limits.hpp"
#include "net/dial.hpp"
#include "net/endpoint.hpp"
#include "net/stream.hpp"
#include "wire/checksum.hpp"

namespace netcopy {

/// A client of one checksum server, of ours or of anybody's make: each message goes out in one
/// write without a line end. One task at a time.
class ChecksumClient {
public:
    ChecksumClient(Endpoint server, DialOptions dial, Clock::duration timeout);

    /// Connects ahead of insert(), so that a server that is down is found out early.
    /// Errc::unreachable.
    Task<Result<>> connect();

    /// Places a checksum and waits for the server's OK. The connection made by connect() may have
    /// been closed in the meantime (servers drop quiet ones): then a new one is tried once.
    /// Errc::unreachable, refused, protocol...
    Task<Result<>> insert(wire::Insert insert);

    /// What is kept under `id`, asked for on a connection of its own, whose half-close ends the
    /// request. A missing entry, a silent server and one that cannot be reached are asked again
    /// until `patience` is over, since other people's senders insert only after they have closed
    /// the file's connection. No value: there is none. Errc::unreachable when nothing listened
    /// there, timed_out when something did but never answered.
    Task<Result<std::optional<std::string>>> lookup(std::string id, Clock::duration patience);

    const Endpoint& server() const { return server_; }

private:
    Task<Result<>> insert_once(std::string message);
    Task<Result<std::optional<std::string>>> lookup_once(std::string id,
                                                         Clock::duration answer_time);

    Endpoint server_;
    DialOptions dial_;
    Clock::duration timeout_;
    std::unique_ptr<Stream> stream_;
};

}  // namespace netcopy
