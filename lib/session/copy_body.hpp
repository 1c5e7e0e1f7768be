#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "crypto/digest.hpp"
#include "file/source.hpp"
#include "session/copy_queue.hpp"
#include "wire/copy.hpp"

namespace netcopy {

/// Why a sender gives a file up: the code of its DROP, and the words for its own user.
struct CopyFailure {
    std::string_view code;
    Error error;
};

/// A file on its way out: what is read becomes DATA, what is hashed becomes SUM. Not thread-safe;
/// calls block on the disk.
class OutgoingBody {
public:
    /// Errors: "gone", "unreadable", or "changed" since the item was found.
    static boost::system::result<OutgoingBody, CopyFailure> open(CopyItemPtr item, std::uint64_t n,
                                                                 std::vector<DigestKind> kinds,
                                                                 TreeProgress& progress);

    /// The receiver may have so many bytes: work() reads as many of ours, for their CRC-64.
    void read_ahead(std::uint64_t offset);
    /// It has so many bytes, and this is their CRC-64: work() compares them with ours.
    void resume_at(std::uint64_t offset, std::uint64_t crc64);

    /// work() is to be called before produce() or sum(): comparing, or hashing without reading on.
    bool busy() const;
    boost::system::result<void, CopyFailure> work();

    /// Puts DATA lines and their bytes into the buffer; 0 with ended() or starved(), or when the
    /// buffer is too small to be worth it.
    boost::system::result<std::size_t, CopyFailure> produce(MutableBytes buffer);
    bool ended() const { return stage_ == Stage::ended; }
    bool starved() const { return starved_; }  ///< a pipe has nothing at the moment
    int descriptor() const { return source_.descriptor(); }
    /// The last line; the source must be as it was.
    boost::system::result<wire::CopySum, CopyFailure> sum();

    const CopyItemPtr& item() const { return item_; }
    std::uint64_t n() const { return n_; }
    std::uint64_t size() const { return position_; }      ///< once it has ended
    const Digests& digests() const { return finished_; }  ///< after sum()

private:
    enum class Stage {
        comparing,   ///< the receiver's part with ours
        waiting,     ///< ours has been read ahead, the receiver's CRC-64 is not known yet
        announcing,  ///< where we go on
        reading,
        hole,    ///< zeros are hashed, not sent
        reread,  ///< what was skipped is hashed from the beginning
        ended,
    };

    OutgoingBody(CopyItemPtr item, std::uint64_t n, FileSource source,
                 std::vector<DigestKind> kinds, TreeProgress& progress);
    boost::system::result<void, CopyFailure> compare_some();
    void compare();
    boost::system::result<void, CopyFailure> reread_some();
    void hash_hole();
    boost::system::result<void, CopyFailure> next_extent();
    boost::system::result<std::size_t, CopyFailure> announce(MutableBytes buffer);
    boost::system::result<std::size_t, CopyFailure> frame(MutableBytes buffer);
    void end_of_data();
    void show(std::uint64_t bytes);
    CopyFailure changed() const;
    bool hashes() const { return !resumed_ && !known_; }  // what is sent

    CopyItemPtr item_;
    std::uint64_t n_;
    FileSource source_;
    std::vector<DigestKind> kinds_;
    TreeProgress* progress_;
    DigestSet digests_;
    Digests finished_;
    Stage stage_ = Stage::reading;
    bool pipe_ = false;
    bool starved_ = false;
    bool resumed_ = false;  // what was sent is not what was hashed
    bool known_ = false;    // the item has all digests
    std::uint64_t resume_offset_ = 0;
    std::optional<std::uint64_t> resume_crc_;
    std::uint64_t crc_ = 0;
    std::uint64_t position_ = 0;  // of the next byte to be sent
    std::uint64_t hashed_ = 0;    // comparing, hole, reread: so far
    FileSource::Extent extent_{0, 0};
    std::vector<std::byte> scratch_;  // for reading without sending
};

/// Reads a whole file and hashes it, piece by piece: for comparing and for manifests.
class FileHasher {
public:
    FileHasher(FileSource source, DigestKind kind) : source_(std::move(source)), digest_(kind) {}
    /// True: done, and hex() may be asked for.
    Result<bool> hash_some();
    std::string hex() { return digest_.hex(); }
    std::uint64_t position() const { return position_; }

private:
    FileSource source_;
    Digest digest_;
    std::uint64_t position_ = 0;
    std::vector<std::byte> buffer_;
};

}  // namespace netcopy
