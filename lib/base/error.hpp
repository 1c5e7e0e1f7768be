#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace netcopy {

using boost::system::error_code;

/// What kind of failure it was, as far as anybody acts on the difference: the exit status follows
/// from it (app/exit_status.hpp). The reason in words stands in Error::context.
enum class Errc {
    failed = 1,       ///< anything that is none of the others
    usage,            ///< the command line is wrong
    corrupted,        ///< a digest does not match
    unverified,       ///< there is no digest to compare with
    unreachable,      ///< a name does not resolve, or nothing answers there
    timed_out,        ///< the peer is there, but nothing moves
    connection_lost,  ///< the peer went away in the middle
    protocol,         ///< the peer sent what the protocol does not allow
    refused,          ///< a limit, quota or rule forbids it, here or at the peer
    local_file,       ///< the local file system said no
    interrupted,      ///< a signal asked to stop
    partial,          ///< of several files some failed, and some did not
};

const boost::system::error_category& netcopy_category() noexcept;
error_code make_error_code(Errc kind) noexcept;

/// A failure: its kind, and one line for people that says what happened, to which file, with which
/// peer, and what to do. Everything that came from a peer is escaped in it (base/bytes.hpp).
struct Error {
    error_code code;
    std::string context;
};

/// The usual way to make one: "WHAT: REASON".
Error make_error(Errc kind, std::string what);
Error make_error(Errc kind, std::string_view what, const error_code& reason);
/// REASON is the text of `errno_value`.
Error make_error(Errc kind, std::string_view what, int errno_value);

bool operator==(const Error& error, Errc kind) noexcept;

template <class T = void>
using Result = boost::system::result<T, Error>;

/// Found by Boost.System when value() is asked of a failed Result.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location&);

}  // namespace netcopy

template <>
struct boost::system::is_error_code_enum<netcopy::Errc> : std::true_type {};
