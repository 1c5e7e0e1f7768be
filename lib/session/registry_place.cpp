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
    for (const auto& server : {before_, server_}) {
        if (!server) continue;
        catalogue_.leave(*server);
        while (catalogue_.sweep(*server)) {
        }
    }
}

bool RegistryPlace::begin_anew() {
    if (before_) return true;
    const auto fresh = catalogue_.enter(source_);
    if (!fresh) return false;
    before_ = std::exchange(server_, fresh);
    return true;
}

Task<> RegistryPlace::finish_anew() {
    if (before_) co_await sweep(*std::exchange(before_, std::nullopt));
}

Task<> RegistryPlace::leave() {
    if (!taken()) co_return;
    NETCOPY_LOG(info) << peer_ << ": file server for " << escape(to_string(source_.udp))
                      << " is gone, and " << files() << " files with it";
    co_await finish_anew();
    co_await sweep(*std::exchange(server_, std::nullopt));
}

Task<> RegistryPlace::sweep(RegistryCatalogue::Server server) {
    const Executor executor = co_await asio::this_coro::executor;
    catalogue_.leave(server);
    while (catalogue_.sweep(server)) co_await asio::post(executor, UseTask());
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
