#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "session/registry_client.hpp"

namespace netcopy::app {

/// What the operands of `fetch` stand for, found out in one pass over a catalogue: names and shell
/// patterns (docs/cli.md, "netcopy fetch"). Keeps only what matches.
class FetchWords {
public:
    /// `all`: every file, whatever the words.
    FetchWords(std::vector<std::string> words, bool all);

    /// What to ask the master for.
    CatalogueQuestion question() const;
    /// Each entry that it answers, in any order.
    void see(const CatalogueEntry& entry);

    struct Unknown {
        std::string word;
        Error error;  ///< Errc::failed
    };
    struct Found {
        std::deque<CatalogueEntry> files;   ///< each name once, by name
        std::vector<Unknown> unknown;       ///< words that stand for nothing, in their order
        std::vector<std::string> doubtful;  ///< names of several files; the youngest was taken
    };
    /// When the catalogue has ended; `master` is the server, as the user wrote it.
    Found end(const std::string& master);

private:
    struct Word {
        std::string text;
        bool pattern = false;
        bool matched = false;
    };
    std::vector<Word> words_;
    const bool all_;
    std::map<std::string, std::vector<CatalogueEntry>> kept_;
};

}  // namespace netcopy::app
