#include "app/fetch_words.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

/// What is known is better than what is not, then younger than older.
bool is_better(const CatalogueEntry& one, const CatalogueEntry& other) {
    const bool known = one.size.has_value(), other_known = other.size.has_value();
    if (known != other_known) return known;
    return one.mtime > other.mtime;
}

}  // namespace

FetchWords::FetchWords(std::vector<std::string> words, bool all) : all_(all) {
    for (std::string& text : words) {
        const bool pattern = text.find_first_of("*?[") != std::string::npos;
        words_.push_back({std::move(text), pattern, false});
    }
}

CatalogueQuestion FetchWords::question() const {
    CatalogueQuestion question;
    question.all = all_;
    for (const Word& word : words_) {
        if (word.pattern) question.prefixes.emplace_back(literal_prefix(word.text));
        question.names.push_back(word.text);  // it may be a name all the same
    }
    return question;
}

void FetchWords::see(const CatalogueEntry& entry) {
    bool wanted = all_;
    for (Word& word : words_) {
        const bool fits =
            word.text == entry.name ||
            (word.pattern && ::fnmatch(word.text.c_str(), entry.name.c_str(), 0) == 0);
        word.matched |= fits;
        wanted |= fits;
    }
    if (!wanted) return;
    std::vector<CatalogueEntry>& same_name = kept_[entry.name];
    const auto same = [&](const CatalogueEntry& each) {
        return each.sha256 == entry.sha256 && each.sources == entry.sources;
    };
    if (std::ranges::none_of(same_name, same)) same_name.push_back(entry);
}

FetchWords::Found FetchWords::end(const std::string& master) {
    Found found;
    for (const Word& word : words_) {
        if (word.matched) continue;
        found.unknown.push_back(
            {word.text, make_error(Errc::failed, quote(word.text) +
                                                     " is no name or pattern of any file there; "
                                                     "'netcopy list --master " +
                                                     master + "' shows them")});
    }
    for (auto& [name, entries] : kept_) {
        std::ranges::stable_sort(entries, is_better);
        if (entries.size() > 1 && entries[1].size) found.doubtful.push_back(name);
        found.files.push_back(std::move(entries.front()));
    }
    kept_.clear();
    return found;
}

}  // namespace netcopy::app
