#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "net/dial.hpp"
#include "net/endpoint.hpp"
#include "net/stream.hpp"
#include "wire/copy.hpp"

namespace netcopy {

/// How long a peer that may be of another make is given to say that it knows netcopy/1.
inline constexpr std::chrono::milliseconds netcopy_patience{500};

/// A connection on which netcopy/1 is spoken: both openings have been said.
struct CopyConnection {
    explicit CopyConnection(Dialled dialled) : stream(std::move(dialled.socket), dialled.peer) {}

    Stream stream;
    std::size_t window = wire::copy_window;
    std::size_t window_bytes = wire::copy_window_bytes;
    bool fruitful = false;                      ///< it has brought the run forward
    bool awaits_descriptor = false;             ///< wake_when_readable() is under way
    asio::cancellation_signal give_up_waiting;  ///< for it: nothing else ends it
};
using CopyConnectionPtr = std::shared_ptr<CopyConnection>;

/// Connects and opens. Null: somebody is there who speaks no netcopy/1 (says something else,
/// closes, or nothing within `patience`). Errc::unreachable, Errc::refused when it declines.
Task<Result<CopyConnectionPtr>> open_copy(Endpoint endpoint, DialOptions dialing,
                                          wire::CopyOpening opening, Clock::duration patience);
/// The same on a connection whose last conversation has come to its end. `behind` is said together
/// with the opening, for a purpose that begins with the client's words: no round trip more.
Task<Result<CopyConnectionPtr>> open_copy(CopyConnectionPtr connection, wire::CopyOpening opening,
                                          Clock::duration patience, std::string behind = {});

/// From any thread: the connection's stream is woken when the descriptor has bytes. Nothing happens
/// when that is being waited for already.
void wake_when_readable(std::weak_ptr<CopyConnection> connection, const Executor& executor,
                        int descriptor);

}  // namespace netcopy
