#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "app/share_remote.hpp"

namespace netcopy::app {

/// What the operands of `download` stand for, found out in one pass over a server's list: ids,
/// their beginnings, names and shell patterns (docs/cli.md, "netcopy download"). Keeps only what
/// matches.
class ShareWords {
public:
    static constexpr std::size_t least_digits = 6;  ///< that are taken for the beginning of an id

    /// `all`: every file, whatever the words.
    ShareWords(std::vector<std::string> words, bool all);

    /// Each file of the list, in its order. One call at a time, on any thread.
    void see(ListedFile file);

    struct Unknown {
        std::string word;
        Error error;  ///< Errc::failed
    };
    struct Found {
        std::vector<ListedFile> files;  ///< each once, in the list's order
        std::vector<Unknown> unknown;   ///< words that stand for nothing, in their order
    };
    /// When the list has ended; `server` is where it came from, as the user wrote it.
    Found end(const std::string& server);

private:
    struct Word {
        std::string text;
        std::string digits;  // lower case; empty: no id and no beginning of one
        bool pattern = false;
        std::optional<std::size_t> by_id, by_name;  // in kept_
        std::optional<std::size_t> other_id;        // another file, whose id begins so too
        std::vector<std::size_t> by_pattern;

        bool whole_id() const;
    };
    bool takes(Word& word, const ListedFile& file) const;
    Result<std::vector<std::size_t>> resolve(const Word& word, const std::string& server) const;

    std::vector<Word> words_;
    const bool all_;
    std::uint64_t listed_ = 0;
    std::deque<ListedFile> kept_;
};

}  // namespace netcopy::app
