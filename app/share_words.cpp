#include "app/share_words.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

constexpr std::size_t id_digits = 32;

/// In lower case, if it is an id or may be the beginning of one; else empty.
std::string digits_of(const std::string& word) {
    if (word.size() < ShareWords::least_digits || word.size() > id_digits) return {};
    std::string digits;
    for (const char c : word) {
        const bool upper = c >= 'A' && c <= 'F';
        if (!upper && !(c >= 'a' && c <= 'f') && !(c >= '0' && c <= '9')) return {};
        digits += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return digits;
}

}  // namespace

bool ShareWords::Word::whole_id() const { return digits.size() == id_digits; }

ShareWords::ShareWords(std::vector<std::string> words, bool all) : all_(all) {
    for (std::string& text : words) {
        Word word;
        word.digits = digits_of(text);
        word.pattern = text.find_first_of("*?[") != std::string::npos;
        word.text = std::move(text);
        words_.push_back(std::move(word));
    }
}

/// Whether the word needs this file, which would become the next of kept_.
bool ShareWords::takes(Word& word, const ListedFile& file) const {
    const std::size_t next = kept_.size();
    bool taken = false;
    if (file.name == word.text) {
        word.by_name = next;
        taken = true;
    }
    if (!word.digits.empty() && file.id.starts_with(word.digits)) {
        if (!word.by_id) {
            word.by_id = next;
            taken = true;
        } else if (!word.other_id && file.id != kept_[*word.by_id].id) {
            word.other_id = next;
            taken = true;
        }
    }
    if (word.pattern && ::fnmatch(word.text.c_str(), file.name.c_str(), 0) == 0) {
        word.by_pattern.push_back(next);
        taken = true;
    }
    return taken;
}

void ShareWords::see(ListedFile file) {
    ++listed_;
    bool taken = all_;
    for (Word& word : words_) taken |= takes(word, file);
    if (taken) kept_.push_back(std::move(file));
}

Result<std::vector<std::size_t>> ShareWords::resolve(const Word& word,
                                                     const std::string& server) const {
    using Files = std::vector<std::size_t>;
    const auto name_of = [this](std::size_t file) { return quote(kept_[file].name); };
    if (word.whole_id() && word.by_id) return Files{*word.by_id};
    if (word.other_id) {
        return make_error(Errc::failed,
                          quote(word.text) + " is ambiguous: the ids of " + name_of(*word.by_id) +
                              " and " + name_of(*word.other_id) + " begin so; give more digits");
    }
    if (word.by_id && word.by_name && kept_[*word.by_id].id != kept_[*word.by_name].id) {
        return make_error(Errc::failed, quote(word.text) +
                                            " is ambiguous: a file has that name, and the id of " +
                                            name_of(*word.by_id) + " begins so; give a whole id");
    }
    if (word.by_name) return Files{*word.by_name};
    if (word.by_id) return Files{*word.by_id};
    if (!word.by_pattern.empty()) return word.by_pattern;
    return make_error(Errc::failed, quote(word.text) + " is no id, name or pattern of any of the " +
                                        std::to_string(listed_) + " files there; 'netcopy list " +
                                        server + "' shows them");
}

ShareWords::Found ShareWords::end(const std::string& server) {
    Found found;
    std::set<std::size_t> wanted;
    for (const Word& word : words_) {
        auto files = resolve(word, server);
        if (files) {
            wanted.insert(files->begin(), files->end());
        } else {
            found.unknown.push_back({word.text, files.error()});
        }
    }
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        if (all_ || wanted.contains(i)) found.files.push_back(std::move(kept_[i]));
    }
    kept_.clear();
    return found;
}

}  // namespace netcopy::app
