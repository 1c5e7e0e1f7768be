#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// The bounds on what a peer may make us hold or wait for, in one place. Those with an option are
/// the option's default.
namespace netcopy::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t checksum_length = 1024;             ///< bytes of one checksum
inline constexpr std::uint64_t checksum_validity = 366 * 86400;  ///< seconds
inline constexpr std::size_t checksum_entries = 4'000'000;
/// What a master keeps of file servers: some 300 bytes for each file.
inline constexpr std::size_t registry_servers = 1'000;
inline constexpr std::size_t registry_server_files = 1'000'000;  ///< of one server
inline constexpr std::size_t registry_files = 2'000'000;         ///< of all servers

inline constexpr std::size_t connections = 10'000;
inline constexpr std::size_t connections_per_address = 10'000;

/// Of a file with holes, which costs hashing and no bytes on the wire. As much as ext4 can hold.
inline constexpr std::uint64_t sparse_size = std::uint64_t{16} << 40;  ///< bytes

/// A quiet connection is closed after this; a transfer must move `stall_bytes` in as long.
inline constexpr std::chrono::seconds server_idle = 300s;
inline constexpr std::chrono::seconds transfer_stall = 60s;
inline constexpr std::size_t stall_bytes = 1024;

/// A file server and its master say that they live, and are dead after three times as long.
inline constexpr std::chrono::seconds registry_beat = 2s;
inline constexpr std::chrono::seconds registry_silence = 6s;

inline constexpr std::chrono::seconds connect = 10s;  ///< names and all addresses together
inline constexpr std::chrono::seconds message = 10s;  ///< one message, from its first byte

}  // namespace netcopy::limits
