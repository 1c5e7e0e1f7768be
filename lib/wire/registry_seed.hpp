#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "wire/parse.hpp"

/// The seed's messages of the registry protocol, as docs/protocol/registry.md specifies them: bytes
/// <-> structs. Nothing on this wire marks a message's end: most are tentative until a pause. Line
/// ends and NULs between messages are skipped. Messages point into the bytes given. Pure functions.
namespace netcopy::wire {

inline constexpr std::string_view registry_ok = "OK";
inline constexpr std::string_view registry_client = "CL";
inline constexpr std::string_view registry_end = "end";
inline constexpr std::string_view registry_empty = "empty";
/// Bytes of one message, joined names included.
inline constexpr std::size_t registry_message_limit = 4096;

/// The first message on a connection.
struct RegistryHello {
    bool server = false;     ///< a file server; else a client
    std::string_view host;   ///< of a server: without brackets
    std::uint16_t port = 0;  ///< of a server: UDP, never 0
};
/// Errc::protocol as soon as the bytes are the beginning of neither.
Result<Parsed<RegistryHello>> parse_registry_hello(std::string_view bytes);

/// Whatever else a file server says: a file's name, several of them, or `end`. Never empty.
Result<Parsed<std::string_view>> parse_registry_name(std::string_view bytes);

/// A piece of a master's answer to a client.
struct RegistryItem {
    enum class Kind { file, empty, words } kind = Kind::words;
    std::string_view name;   ///< of a file
    std::string_view host;   ///< of a file, not empty, without brackets
    std::uint16_t port = 0;  ///< of a file, never 0
    std::string_view words;  ///< of what is neither: all of it
};
/// Errc::protocol when an item does not end within its limit.
Result<Parsed<RegistryItem>> parse_registry_item(std::string_view bytes);

/// Whether it has the bytes of a host's name or address only (an IPv6 address without brackets),
/// and a host's length.
bool is_registry_host(std::string_view host);
/// Whether a list can have a file of that name at that host.
bool registry_can_say(std::string_view name, std::string_view host);
/// `name:host:port;`, of what can be said.
void append_registry_item(std::string& out, std::string_view name, std::string_view host,
                          std::uint16_t port);
/// A file server's first message. An IPv6 address gets brackets.
std::string encode_registry_server(std::string_view host, std::uint16_t port);

}  // namespace netcopy::wire
