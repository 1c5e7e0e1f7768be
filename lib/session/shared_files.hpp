#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "file/flat_folder.hpp"
#include "session/listing_changes.hpp"
#include "store/share_index.hpp"

namespace netcopy {

/// A file and what it hashed to.
struct KnownFile {
    FlatFile file;
    ContentDigests digests;
    /// It was hashed, or written, less than the quiet time after its last change: it may have
    /// changed again without getting another time.
    bool racy = false;
};

/// What a shared folder has, by name, by id and by inode. A file whose MD5 is that of another one
/// with another SHA-256 is known, but not listed, until that other one goes. What was moved away is
/// remembered for a while, so that a rename (which is a name that departs, and one that arrives)
/// hashes nothing. Not thread-safe.
class SharedFiles {
public:
    using ByName = std::map<std::string, KnownFile, std::less<>>;
    using Entry = ByName::value_type;
    static constexpr std::size_t most_departed = 1024;

    /// Room for so many files.
    void reserve(std::size_t files) { by_inode_.reserve(files); }

    /// In the place of what had that name; `known` may have been found here. The name of the file
    /// that it collides with, if it does: then it is left out.
    std::optional<std::string> put(std::string_view name, KnownFile known);
    /// Its digests do not hold any more, or the file is gone for good.
    void remove(std::string_view name);
    /// Somebody wrote to this file: nothing is known of it any more. The names that it had.
    std::vector<std::string> invalidate(std::uint64_t inode);
    /// It was moved: it may arrive under another name.
    void depart(std::string_view name);

    /// Time has passed without that somebody wrote to it.
    void settle(std::uint64_t inode);

    const ByName& listed() const { return listed_; }
    /// Of listed().
    ListingChanges& changes() { return changes_; }
    const ListingChanges& changes() const { return changes_; }
    /// Listed or left out.
    const KnownFile* find(std::string_view name) const;
    /// Another name of the same content, or where it was until lately.
    const KnownFile* find_content(const FlatFile& file) const;
    /// It has no name here, but may get one: as if it had departed.
    void remember(const KnownFile& known);
    void forget_departed();
    std::vector<std::string> names_of(std::uint64_t inode) const;  ///< left out or not
    /// The first by name; null: none.
    const Entry* find_id(std::string_view md5) const;
    /// Whose id is the first that is not less than `digits`, bytewise.
    const Entry* first_id(std::string_view digits) const;
    /// Whose id is the first that is greater than all that begin with `digits`.
    const Entry* first_id_behind(std::string_view digits) const;
    /// The first other listed file with the same bytes, and not the same inode.
    const Entry* twin(std::string_view name) const;
    /// The first listed file that has this MD5 and another SHA-256.
    const Entry* collision(std::string_view md5, std::string_view sha256) const;

    std::vector<std::string> names() const;  ///< all of them, left out or not
    /// Inodes of which nothing is known any more, since the last call.
    std::vector<std::uint64_t> take_forgotten();

private:
    /// Ordered by id, then name. The first digits stand in front, so that a search need not go to
    /// the entries for most of its comparisons.
    struct IdKey {
        std::array<char, 8> first;
        const Entry* entry;

        explicit IdKey(const Entry* of) : entry(of) {
            std::copy_n(of->second.digests.md5.begin(), first.size(), first.begin());
        }
        std::string_view md5() const { return entry->second.digests.md5_text(); }
    };
    struct ById {
        using is_transparent = void;
        bool operator()(const IdKey& a, const IdKey& b) const {
            if (a.first != b.first) return a.first < b.first;
            const int order = a.md5().compare(b.md5());
            return order != 0 ? order < 0 : a.entry->first < b.entry->first;
        }
        bool operator()(const IdKey& a, std::string_view md5) const {
            const int order = std::string_view(a.first.data(), a.first.size())
                                  .compare(md5.substr(0, a.first.size()));
            return order != 0 ? order < 0 : a.md5() < md5;
        }
        bool operator()(std::string_view md5, const IdKey& b) const {
            return !(*this)(b, md5) && b.md5() != md5;
        }
    };

    std::optional<KnownFile> take(std::string_view name);
    void list_left_out(std::string_view md5);

    ByName listed_;
    ListingChanges changes_;
    std::set<IdKey, ById> by_id_;
    std::unordered_multimap<std::uint64_t, const Entry*> by_inode_;
    ByName left_out_;
    std::unordered_map<std::uint64_t, KnownFile> departed_;  // by inode
    std::deque<std::uint64_t> departures_;                   // the oldest first
    std::vector<std::uint64_t> forgotten_;
};

}  // namespace netcopy
