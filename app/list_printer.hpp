#pragma once

#include <cstdint>
#include <string>

#include "app/render.hpp"
#include "app/share_remote.hpp"
#include "session/registry_client.hpp"

namespace netcopy::app {

/// Puts the files of a list into lines, as docs/cli.md has them under "netcopy list", and writes
/// these in pieces. One call at a time, on any thread.
class ListPrinter {
public:
    explicit ListPrinter(Renderer& output);

    void add(const ListedFile& file);       ///< of a share
    void add(const CatalogueEntry& entry);  ///< of a master
    /// Writes what has been added, if it is worth it. Blocks for as long as stdout does.
    void flush_when_due();
    void flush();

    std::uint64_t files() const { return files_; }
    const Result<>& written() const { return written_; }

private:
    std::string line_of(const ListedFile& file) const;
    std::string line_of(const CatalogueEntry& entry) const;

    Renderer& output_;
    const bool table_;
    std::string text_;
    std::uint64_t files_ = 0;
    Result<> written_;
};

}  // namespace netcopy::app
