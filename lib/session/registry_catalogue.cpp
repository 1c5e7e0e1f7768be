#include "session/registry_catalogue.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "base/bytes.hpp"

namespace netcopy {
namespace {

constexpr std::size_t swept_at_once = 4096;
constexpr std::size_t looked_at_once = 4096;
constexpr std::size_t sources_at_once = 4096;

template <std::size_t size>
std::array<std::uint8_t, size> from_hex(std::string_view hex) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::array<std::uint8_t, size> bytes{};
    for (std::size_t i = 0; i < size && 2 * i + 1 < hex.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(value(hex[2 * i]) * 16 + value(hex[2 * i + 1]));
    }
    return bytes;
}

template <std::size_t size>
std::string hex_of(const std::array<std::uint8_t, size>& bytes) {
    return to_hex(std::as_bytes(std::span(bytes)));
}

}  // namespace

bool RegistryCatalogue::Order::operator()(const Entry& a, const Entry& b) const {
    return std::tie(a.name, a.owner, a.sha256, a.md5, a.size) <
           std::tie(b.name, b.owner, b.sha256, b.md5, b.size);
}

std::optional<RegistryCatalogue::Server> RegistryCatalogue::enter(CatalogueSource source) {
    const std::lock_guard lock(mutex_);
    // Those that have left count until they are swept: they hold memory.
    const auto free = std::ranges::find_if(servers_, [](const auto& other) { return !other; });
    if (free == servers_.end() && servers_.size() >= limits_.servers) return std::nullopt;
    const auto number = static_cast<Server>(free - servers_.begin());
    const auto twin = std::ranges::find_if(
        servers_, [&](const auto& other) { return other && other->source == source; });
    const std::uint64_t address = twin == servers_.end() ? ++addresses_ : (*twin)->address;
    auto known = std::make_unique<Known>(Known{std::move(source), address});
    if (free == servers_.end()) {
        servers_.push_back(std::move(known));
    } else {
        *free = std::move(known);
    }
    ++present_;
    return number;
}

void RegistryCatalogue::leave(Server server) {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(servers_[server]->left, true)) --present_;
}

bool RegistryCatalogue::sweep(Server server) {
    const std::lock_guard lock(mutex_);
    auto& known = servers_[server];
    for (std::size_t i = 0; i < swept_at_once && !known->files.empty(); ++i) {
        take(server, static_cast<std::uint32_t>(known->files.size() - 1));
    }
    if (!known->files.empty()) return true;
    known.reset();
    return false;
}

bool RegistryCatalogue::put(Server server, const wire::CopyFile& file) {
    Entry entry;
    entry.name = file.name;
    entry.sha256 = from_hex<32>(file.sha256);
    entry.md5 = from_hex<16>(file.md5);
    entry.size = file.size;
    const std::lock_guard lock(mutex_);
    if (const auto place = place_of(server, file.name)) take(server, *place);
    return put(server, std::move(entry), file.mtime);
}

bool RegistryCatalogue::put_name(Server server, std::string_view name) {
    Entry entry;
    entry.name = name;
    entry.owner = server + 1;
    const std::lock_guard lock(mutex_);
    if (entries_.contains(entry)) return true;
    return put(server, std::move(entry), {});
}

/// Under the lock, like all that follow.
bool RegistryCatalogue::put(Server server, Entry entry, FileTime mtime) {
    Known& known = *servers_[server];
    if (files_ >= limits_.files || known.files.size() >= limits_.server_files) return false;
    const Entry& kept = *entries_.insert(std::move(entry)).first;
    kept.sources.push_back({server, static_cast<std::uint32_t>(known.files.size()), mtime});
    known.files.push_back(&kept);
    ++files_;
    return true;
}

void RegistryCatalogue::remove(Server server, std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (const auto place = place_of(server, name)) take(server, *place);
}

/// The server's last file gets the place of this one.
void RegistryCatalogue::take(Server server, std::uint32_t place) {
    const auto source_in = [server](const Entry& entry) {
        return std::ranges::find(entry.sources, server, &Source::server);
    };
    auto& files = servers_[server]->files;
    const Entry* const gone = files[place];
    source_in(*files.back())->place = place;
    files[place] = files.back();
    files.pop_back();
    gone->sources.erase(source_in(*gone));
    if (gone->sources.empty()) entries_.erase(entries_.find(*gone));
    --files_;
}

std::optional<std::uint32_t> RegistryCatalogue::place_of(Server server,
                                                         std::string_view name) const {
    const auto [begin, end] = entries_.equal_range(name);
    for (auto entry = begin; entry != end; ++entry) {
        const auto source = std::ranges::find(entry->sources, server, &Source::server);
        if (source != entry->sources.end()) return source->place;
    }
    return std::nullopt;
}

RegistryCatalogue::Counts RegistryCatalogue::counts() const {
    const std::lock_guard lock(mutex_);
    return {present_, files_, entries_.size()};
}

std::size_t RegistryCatalogue::files_of(Server server) const {
    const std::lock_guard lock(mutex_);
    return servers_[server]->files.size();
}

/// None: all its servers have left.
std::optional<CatalogueEntry> RegistryCatalogue::shown(const Entry& entry) const {
    CatalogueEntry shown;
    std::unordered_set<std::uint64_t> addresses;
    for (const Source& source : entry.sources) {
        const Known& known = *servers_[source.server];
        if (known.left) continue;
        if (!known.source.seed && (!shown.mtime || *shown.mtime < source.mtime)) {
            shown.mtime = source.mtime;
        }
        if (entry.sources.size() == 1 || addresses.insert(known.address).second) {
            shown.sources.push_back(known.source);
        }
    }
    if (shown.sources.empty()) return std::nullopt;
    shown.name = entry.name;
    if (entry.owner != 0) return shown;
    shown.size = entry.size;
    shown.sha256 = hex_of(entry.sha256);
    shown.md5 = hex_of(entry.md5);
    return shown;
}

RegistryCatalogue::Reader::Page RegistryCatalogue::page(const NameRanges& wanted,
                                                        std::unique_ptr<Entry>& last,
                                                        std::size_t most) const {
    Reader::Page page;
    std::size_t sources = 0;
    const Entry* looked = nullptr;
    const std::lock_guard lock(mutex_);
    auto at = last ? entries_.upper_bound(*last) : entries_.begin();
    for (std::size_t i = 0; page.entries.size() < most && i < looked_at_once; ++i) {
        const auto* const range = at == entries_.end() ? nullptr : wanted.from(at->name);
        page.last = range == nullptr;
        if (page.last || sources > sources_at_once) break;
        if (at->name < range->first) {
            at = entries_.lower_bound(std::string_view(range->first));
            continue;
        }
        looked = &*at++;
        auto entry = shown(*looked);
        if (!entry) continue;
        sources += entry->sources.size();
        page.entries.push_back(std::move(*entry));
    }
    if (!looked) return page;
    if (!last) last = std::make_unique<Entry>();
    *last = {looked->name, looked->owner, looked->sha256, looked->md5, looked->size};
    return page;
}

RegistryCatalogue::Reader::Reader(const RegistryCatalogue& catalogue,
                                  const CatalogueQuestion& question)
    : catalogue_(catalogue), wanted_(question) {}

RegistryCatalogue::Reader::~Reader() = default;

RegistryCatalogue::Reader::Page RegistryCatalogue::Reader::page(std::size_t most) {
    return catalogue_.page(wanted_, last_, most);
}

}  // namespace netcopy
