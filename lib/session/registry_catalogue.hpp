#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "session/registry_client.hpp"
#include "session/registry_question.hpp"
#include "wire/copy.hpp"

namespace netcopy {

struct CatalogueLimits {
    std::size_t servers = limits::registry_servers;
    std::size_t server_files = limits::registry_server_files;  ///< of one server
    std::size_t files = limits::registry_files;  ///< of all, each once for each server
};

/// What a master knows: file servers, their files, and which entries these make
/// (docs/protocol/registry.md, "The catalogue"). In memory: some 300 bytes for a file. Thread-safe.
class RegistryCatalogue {
public:
    using Server = std::uint32_t;

    explicit RegistryCatalogue(CatalogueLimits limits = {}) : limits_(limits) {}

    /// A server begins to register; none: there are as many as may be. Each has to leave().
    std::optional<Server> enter(CatalogueSource source);
    /// From now on no page has its files. They take memory until sweep() has returned false.
    void leave(Server server);
    /// Forgets some thousand of the files of a server that has left. True: there are more. When
    /// there are none the number may be another server's.
    bool sweep(Server server);

    /// In the place of what this name had there. False: a limit is reached, and the name has
    /// nothing there now. The file has an MD5 and a SHA-256, as the codec makes sure.
    bool put(Server server, const wire::CopyFile& file);
    /// Of a seed's server, whose files are known by name only. The name is not there yet, or
    /// nothing happens.
    bool put_name(Server server, std::string_view name);
    void remove(Server server, std::string_view name);

    struct Counts {
        std::size_t servers = 0;
        std::size_t files = 0;    ///< each once for each server, those of servers that left too
        std::size_t entries = 0;  ///< the same
    };
    Counts counts() const;
    std::size_t files_of(Server server) const;

private:
    struct Entry;

public:
    /// Goes through the entries that are asked for, in the order of their names, a page at a time.
    /// What does not change meanwhile is seen exactly once.
    class Reader {
    public:
        Reader(const RegistryCatalogue& catalogue, const CatalogueQuestion& question);
        ~Reader();
        struct Page {
            std::vector<CatalogueEntry> entries;  ///< may be none, and yet more follow
            bool last = false;
        };
        /// Up to `most` more.
        Page page(std::size_t most);

    private:
        const RegistryCatalogue& catalogue_;
        const NameRanges wanted_;
        std::unique_ptr<Entry> last_;  ///< that was looked at; null: none was
    };

private:
    struct Source {
        Server server = 0;
        std::uint32_t place = 0;  ///< in the server's files
        FileTime mtime;
    };
    /// Ordered by all but its sources.
    struct Entry {
        std::string name;
        Server owner = 0;  ///< of a seed's file: its server's number and 1; else 0
        std::array<std::uint8_t, 32> sha256{};
        std::array<std::uint8_t, 16> md5{};
        std::uint64_t size = 0;
        mutable boost::container::small_vector<Source, 1> sources = {};
    };
    struct Order {
        using is_transparent = void;
        bool operator()(const Entry& a, const Entry& b) const;
        bool operator()(const Entry& a, std::string_view name) const { return a.name < name; }
        bool operator()(std::string_view name, const Entry& b) const { return name < b.name; }
    };
    using Entries = std::set<Entry, Order>;
    struct Known {
        CatalogueSource source;
        std::uint64_t address = 0;  ///< servers with equal sources have the same
        std::vector<const Entry*> files = {};
        bool left = false;
    };

    bool put(Server server, Entry entry, FileTime mtime);
    void take(Server server, std::uint32_t place);
    /// Where that server has a file of that name; none: it has none.
    std::optional<std::uint32_t> place_of(Server server, std::string_view name) const;
    std::optional<CatalogueEntry> shown(const Entry& entry) const;
    Reader::Page page(const NameRanges& wanted, std::unique_ptr<Entry>& last,
                      std::size_t most) const;

    const CatalogueLimits limits_;
    mutable std::mutex mutex_;  // guards what follows
    Entries entries_;
    std::vector<std::unique_ptr<Known>> servers_;  // null: nobody has this number
    std::size_t present_ = 0;                      // servers that have not left
    std::size_t files_ = 0;
    std::uint64_t addresses_ = 0;  // given so far
};

}  // namespace netcopy
