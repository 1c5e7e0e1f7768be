#include <boost/asio/post.hpp>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "file/safe_name.hpp"
#include "session/registry_service.hpp"

namespace netcopy {
namespace {

/// Of ADDRESS:PORT, without brackets.
std::string host_of(const std::string& peer) {
    const auto endpoint = parse_endpoint(peer, std::nullopt);
    return endpoint ? endpoint->host : peer;
}

bool is_any_address(std::string_view host) {
    return host.empty() || host == "0.0.0.0" || host == "::";
}

}  // namespace

RegistryPlace::RegistryPlace(RegistryCatalogue& catalogue, const Stream& stream,
                             CatalogueSource source)
    : catalogue_(catalogue), peer_(stream.peer()), source_(std::move(source)) {
    if (is_any_address(source_.udp.host)) source_.udp.host = host_of(peer_);
    server_ = catalogue_.enter(source_);
    const std::string where = escape(to_string(source_.udp));
    if (taken()) {
        NETCOPY_LOG(info) << peer_ << ": file server for " << where
                          << (source_.seed ? ", by the seed's protocol" : "");
    } else {
        NETCOPY_LOG(warning) << peer_ << ": file server for " << where
                             << " refused: as many are there as may be";
    }
}

RegistryPlace::~RegistryPlace() {
    for (const auto& server : {given_up_, before_, server_}) {
        if (!server) continue;
        catalogue_.leave(*server);
        while (catalogue_.sweep(*server)) {
        }
    }
}

Task<bool> RegistryPlace::begin_anew() {
    std::swap(before_ ? given_up_ : before_, server_);
    co_await sweep(given_up_);
    server_ = catalogue_.enter(source_);
    if (!server_) std::swap(before_, server_);
    co_return before_.has_value();
}

Task<> RegistryPlace::finish_anew() { co_await sweep(before_); }

Task<> RegistryPlace::leave() {
    if (!taken()) co_return;
    NETCOPY_LOG(info) << peer_ << ": file server for " << escape(to_string(source_.udp))
                      << " is gone, and " << files() << " files with it";
    co_await sweep(given_up_);
    co_await sweep(before_);
    co_await sweep(server_);
}

/// It stays in its place until it is done: whoever is cancelled meanwhile leaves the rest to the
/// destructor.
Task<> RegistryPlace::sweep(std::optional<RegistryCatalogue::Server>& server) {
    if (!server) co_return;
    const Executor executor = co_await asio::this_coro::executor;
    catalogue_.leave(*server);
    while (catalogue_.sweep(*server)) co_await asio::post(executor, UseTask());
    server.reset();
}

bool RegistryPlace::is_safe(std::string_view name) {
    const auto safe = safe_name(name);
    if (!safe && unsafe_++ == 0) {
        NETCOPY_LOG(warning) << peer_
                             << ": left out, as are all of that kind: " << safe.error().context;
    }
    return safe.has_value();
}

bool RegistryPlace::put(const wire::CopyFile& file) {
    return !is_safe(file.name) || catalogue_.put(*server_, file);
}

bool RegistryPlace::put_name(std::string_view name) {
    return !is_safe(name) || catalogue_.put_name(*server_, name);
}

void RegistryPlace::remove(std::string_view name) {
    catalogue_.remove(*server_, name);
    if (before_) catalogue_.remove(*before_, name);
}

std::size_t RegistryPlace::files() const { return catalogue_.files_of(*server_); }

}  // namespace netcopy
