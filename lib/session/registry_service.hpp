#pragma once

#include <memory>
#include <string>

#include "base/limits.hpp"
#include "net/stream.hpp"
#include "session/dialects.hpp"
#include "session/registry_catalogue.hpp"

namespace netcopy {

struct RegistryRules {
    Dialects dialects = Dialects::both;
    /// Until a connection's first byte, between a client's messages, and until a piece of an answer
    /// is taken; zero: for ever.
    Clock::duration idle = limits::transfer_stall;
    Clock::duration message = limits::message;  ///< one message, from its first byte
    Clock::duration beat = limits::registry_beat;
    Clock::duration silence = limits::registry_silence;
};

/// Both protocols of `netcopy master-server` on one port (docs/protocol/registry.md): file servers
/// register, clients ask. serve() is for Server, on any of its threads. Must outlive its sessions;
/// the catalogue is kept by reference.
class RegistryService {
public:
    RegistryService(RegistryCatalogue& catalogue, RegistryRules rules)
        : catalogue_(catalogue), rules_(rules) {}

    Task<> serve(Stream& stream);

private:
    Task<> serve_netcopy(Stream& stream);
    Task<> serve_server(Stream& stream);
    Task<> serve_question(Stream& stream);
    Task<> answer(Stream& stream, const CatalogueQuestion& question);
    Task<> say_accepted(Stream& stream, std::string_view purpose);

    RegistryCatalogue& catalogue_;
    const RegistryRules rules_;
};

/// The same of a connection that speaks the seed's protocol, from its first byte on.
Task<> serve_registry_seed(Stream& stream, RegistryCatalogue& catalogue,
                           const RegistryRules& rules);

/// A server's place in the catalogue, which it leaves in the end. One network thread.
class RegistryPlace {
public:
    /// Logs who is there, or that there is no room (then taken() is false). A host that stands for
    /// all addresses, or none, becomes the peer's own.
    RegistryPlace(RegistryCatalogue& catalogue, const Stream& stream, CatalogueSource source);
    ~RegistryPlace();
    RegistryPlace(const RegistryPlace&) = delete;
    RegistryPlace& operator=(const RegistryPlace&) = delete;

    bool taken() const { return server_.has_value(); }
    RegistryCatalogue::Server server() const { return *server_; }
    const CatalogueSource& source() const { return source_; }

    /// Begins a second list, which replaces the first in finish_anew(), or begins it once more.
    /// False: there is no room, and what follows belongs to the first.
    Task<bool> begin_anew();
    Task<> finish_anew();
    /// Adds or replaces a file in the list that is being told; false: a limit is reached. A name
    /// that is not safe is left out and logged.
    bool put(const wire::CopyFile& file);
    bool put_name(std::string_view name);
    void remove(std::string_view name);
    std::size_t files() const;

    /// The files leave the catalogue at once, and memory in pieces, so that nobody waits long.
    Task<> leave();

private:
    bool is_safe(std::string_view name);
    Task<> sweep(std::optional<RegistryCatalogue::Server>& server);

    RegistryCatalogue& catalogue_;
    const std::string peer_;
    CatalogueSource source_;
    std::optional<RegistryCatalogue::Server> server_;
    std::optional<RegistryCatalogue::Server> before_;  // until the list that is told anew is whole
    std::optional<RegistryCatalogue::Server> given_up_;  // told anew, and not to its end
    std::uint64_t unsafe_ = 0;                           // names that were left out
};

}  // namespace netcopy
