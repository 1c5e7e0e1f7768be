#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "crypto/digest.hpp"
#include "file/tree.hpp"
#include "net/disk_pool.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"
#include "session/dialects.hpp"
#include "session/receive_rules.hpp"
#include "wire/copy.hpp"

/// What servers of netcopy/1 have in common: they tell it from the seed's protocol, read its
/// openings, and take files.
namespace netcopy {

/// Takes a connection in the protocol that its first bytes tell; they stay in the stream. Heeds of
/// `rules` the rate and on_nothing, and logs what is not to be served.
Task<> serve_by_first_bytes(Stream& stream, Dialects dialects, ReceiveTimes times,
                            const ReceiveRules& rules, SessionFn netcopy, SessionFn others);

/// The next opening, its first byte within `idle`. None: the peer has closed, or the opening was no
/// good, and has been declined.
Task<std::optional<wire::CopyOpening>> read_copy_opening(Stream& stream, Clock::duration idle,
                                                         Clock::duration message);
/// Says why an opening is not served, and closes.
Task<> decline_copy(Stream& stream, std::string code, Error error);
/// Errc::refused when one is not known, or there is none.
Result<std::vector<DigestKind>> known_digest_kinds(const std::vector<std::string>& names);

/// What a connection brought, in a line of the log.
void log_received(const Stream& stream, std::uint64_t files, std::uint64_t bytes,
                  Clock::time_point began);

/// A "put" whose opening has been read: takes what the sender offers, until its END and our BYE
/// (true: the connection may go on), or until something breaks, or the server stops: then our last
/// words are said. `on_ended` is called when END was heard; may be empty.
Task<bool> serve_put(Stream& stream, DiskPool& disk, const Tree& tree, const ReceiveRules& rules,
                     std::vector<DigestKind> digests, std::function<void()> on_ended);

}  // namespace netcopy
