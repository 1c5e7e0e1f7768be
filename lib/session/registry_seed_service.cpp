#include <functional>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "session/registry_service.hpp"
#include "wire/registry_seed.hpp"

// The master's side of the seed's messages.

namespace netcopy {
namespace {

/// What ends a message that nothing else ends. A sender awaits our answer before it says more.
constexpr std::chrono::milliseconds message_pause{10};
constexpr std::size_t page_entries = 512;
constexpr std::size_t most_in_a_send = 256 * 1024;  // bytes of a list
constexpr std::size_t longest_name = 255;           // bytes

MessageLimits limits_of(const RegistryRules& rules, Clock::duration idle) {
    return {wire::registry_message_limit, idle, rules.message, message_pause};
}

/// Puts a list together, and remembers what it cannot say.
struct SeedList {
    std::string text;
    std::uint64_t left_out = 0;
    std::string unsayable;  // the first such name
    bool any = false;

    void add(const CatalogueEntry& entry) {
        for (const CatalogueSource& source : entry.sources) {
            if (wire::registry_can_say(entry.name, source.udp.host)) {
                any = true;
                wire::append_registry_item(text, entry.name, source.udp.host, source.udp.port);
            } else if (left_out++ == 0) {
                unsayable = entry.name;
            }
        }
    }
};

/// A client may read once and take what comes for the list: it goes out in one send where it fits.
Task<> give_list(Stream& stream, const RegistryCatalogue& catalogue, const RegistryRules& rules) {
    CatalogueQuestion everything;
    everything.all = true;
    RegistryCatalogue::Reader reader(catalogue, everything);
    SeedList list;
    for (bool last = false; !last;) {
        const auto page = reader.page(page_entries);
        last = page.last;
        for (const CatalogueEntry& entry : page.entries) list.add(entry);
        if (last && !list.any) list.text = wire::registry_empty;
        if (!last && list.text.size() < most_in_a_send) continue;
        stream.limit_to(rules.idle);
        co_await stream.write(as_bytes(list.text));
        stream.no_deadline();
        list.text.clear();
    }
    if (list.left_out == 0) co_return;
    NETCOPY_LOG(warning) << stream.peer() << ": " << list.left_out
                         << " left out of the list, such as '" << escape(list.unsayable)
                         << "': the seed's protocol cannot say a name with ':', ';' or a line end,"
                            " nor an IPv6 address";
}

/// Names, until the connection ends: nothing else says that the server is gone.
class SeedServer {
public:
    SeedServer(Stream& stream, RegistryPlace& place, const RegistryRules& rules)
        : stream_(stream), place_(place), limits_(limits_of(rules, Clock::duration::zero())) {
        const std::string_view behind = stream.buffered();  // its first message
        joined_ = !behind.empty() && behind.find_first_of("\r\n") == behind.npos;
    }

    Task<> run() {
        keep_alive(stream_.socket(),
                   std::chrono::duration_cast<std::chrono::seconds>(limits::registry_silence));
        for (;;) {
            const std::function<Name(std::string_view)> parse = watched_parser();
            const auto name = co_await stream_.read_message(parse, limits_);
            if (!name) {
                NETCOPY_LOG(warning) << stream_.peer() << ": " << name.error().context;
                co_return;
            }
            if (!*name) co_return;
            take(**name);
            stream_.queue(wire::registry_ok);
        }
    }

private:
    using Name = Result<wire::Parsed<std::string_view>>;

    /// parse_registry_name, which notices when a message grows while it is waited for.
    std::function<Name(std::string_view)> watched_parser() {
        pieces_ = 0;
        return [this, size = std::size_t{0}](std::string_view bytes) mutable {
            if (bytes.size() > size) ++pieces_;
            size = bytes.size();
            return wire::parse_registry_name(bytes);
        };
    }

    void take(std::string_view name) {
        if (ended_) return;
        if (name == wire::registry_end) {
            ended_ = true;
            NETCOPY_LOG(info) << stream_.peer() << ": listed " << place_.files() << " files";
            return;
        }
        // Without a pause between them names run together, and `end` with them.
        const bool suspect = name.size() > longest_name || name.ends_with(wire::registry_end);
        const bool several = std::exchange(joined_, false) || suspect || pieces_ > 1;
        if (several && !std::exchange(told_, true)) {
            NETCOPY_LOG(warning) << stream_.peer() << ": '" << escape(name, longest_name)
                                 << "' may be several names: it does not await OK behind each";
        }
        if (name.size() > longest_name || place_.put_name(name)) return;
        if (full_) return;
        full_ = true;
        NETCOPY_LOG(warning) << stream_.peer()
                             << ": no more of its files are listed: --max-files-per-server or "
                                "--max-files is reached";
    }

    Stream& stream_;
    RegistryPlace& place_;
    const MessageLimits limits_;
    unsigned pieces_ = 0;  // in which the message has come
    bool joined_ = false;  // the next name came with what was before it
    bool ended_ = false;
    bool full_ = false;
    bool told_ = false;  // of names that may be several: once is enough for a log
};

Task<> serve_server(Stream& stream, RegistryCatalogue& catalogue, const RegistryRules& rules,
                    CatalogueSource source) {
    RegistryPlace place(catalogue, stream, std::move(source));
    if (!place.taken()) co_return;
    stream.queue(wire::registry_ok);
    std::exception_ptr lost;
    try {
        SeedServer server(stream, place, rules);
        co_await server.run();
    } catch (...) {
        lost = std::current_exception();
    }
    co_await place.leave();
    if (lost) std::rethrow_exception(lost);
}

}  // namespace

Task<> serve_registry_seed(Stream& stream, RegistryCatalogue& catalogue,
                           const RegistryRules& rules) {
    for (;;) {
        const auto hello =
            co_await stream.read_message(wire::parse_registry_hello, limits_of(rules, rules.idle));
        stream.no_deadline();
        if (!hello) {
            NETCOPY_LOG(warning) << stream.peer() << ": " << hello.error().context;
            co_return;
        }
        if (!*hello) co_return;
        if ((*hello)->server) {
            CatalogueSource source;
            source.udp = {std::string((*hello)->host), (*hello)->port};
            source.seed = true;
            co_return co_await serve_server(stream, catalogue, rules, std::move(source));
        }
        co_await give_list(stream, catalogue, rules);
    }
}

}  // namespace netcopy
