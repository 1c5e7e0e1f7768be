#include "session/copy_body.hpp"

#include <algorithm>
#include <cstring>

#include "file/crc64.hpp"
#include "file/read_through.hpp"

namespace netcopy {
namespace {

/// A stretch of work() or hash_some(): some hundredths of a second.
constexpr std::uint64_t stretch = 32 << 20;  // bytes
constexpr std::size_t least_data = 4096;     // bytes; for less a DATA is not worth its line
constexpr std::size_t longest_line = 80;     // bytes of "DATA N OFFSET LENGTH"

/// read_through() of a source that must not have become shorter.
template <class Take>
Result<> read_all(FileSource& source, std::uint64_t begin, std::uint64_t end,
                  std::vector<std::byte>& buffer, Take take) {
    const auto ended = read_through(source, begin, end, buffer, std::move(take));
    if (!ended) return ended.error();
    if (*ended == end) return {};
    return make_error(Errc::local_file, quote(source.name()) + " has become shorter");
}

CopyFailure unreadable(const Error& error) { return {"unreadable", error}; }

}  // namespace

boost::system::result<OutgoingBody, CopyFailure> OutgoingBody::open(CopyItemPtr item,
                                                                    std::uint64_t n,
                                                                    std::vector<DigestKind> kinds,
                                                                    TreeProgress& progress) {
    const bool pipe = item->kind == CopyItem::Kind::pipe;
    auto source = pipe ? FileSource::open(item->path) : FileSource::open_no_follow(item->path);
    if (!source) {
        const bool gone = source.error().context.ends_with(std::strerror(ENOENT));
        return CopyFailure{gone ? "gone" : "unreadable", source.error()};
    }
    OutgoingBody body(std::move(item), n, std::move(*source), std::move(kinds), progress);
    if (pipe) {
        body.pipe_ = !body.source_.size();
        body.extent_ = {0, UINT64_MAX};
        return body;
    }
    const FileStatus now = body.source_.status();
    const FileStatus& then = body.item_->status;
    if (now.size != then.size || now.mtime != then.mtime) return body.changed();
    body.extent_ = {0, then.size};
    if (then.sparse) {
        body.extent_ = {0, 0};
        if (auto next = body.next_extent(); !next) return next.error();
    } else if (then.size == 0) {
        body.end_of_data();
    }
    return body;
}

OutgoingBody::OutgoingBody(CopyItemPtr item, std::uint64_t n, FileSource source,
                           std::vector<DigestKind> kinds, TreeProgress& progress)
    : item_(std::move(item)),
      n_(n),
      source_(std::move(source)),
      kinds_(std::move(kinds)),
      progress_(&progress),
      digests_(kinds_, item_->status.size) {}

void OutgoingBody::read_ahead(std::uint64_t offset) {
    if (offset == 0 || pipe_ || offset > item_->status.size) return;
    resume_offset_ = offset;
    stage_ = Stage::comparing;
    if (item_->shown) item_->shown->phase = Phase::comparing;
}

void OutgoingBody::resume_at(std::uint64_t offset, std::uint64_t crc64) {
    if (stage_ != Stage::waiting || offset != resume_offset_) {  // else all has been read
        hashed_ = 0;
        crc_ = 0;
        read_ahead(offset);
    }
    if (stage_ != Stage::comparing && stage_ != Stage::waiting) return;
    resume_crc_ = crc64;
    if (stage_ == Stage::waiting) compare();
}

bool OutgoingBody::busy() const {
    return stage_ == Stage::comparing || stage_ == Stage::hole || stage_ == Stage::reread;
}

boost::system::result<void, CopyFailure> OutgoingBody::work() {
    switch (stage_) {
        case Stage::comparing:
            return compare_some();
        case Stage::reread:
            return reread_some();
        case Stage::hole:
            hash_hole();
            return {};
        default:
            return {};
    }
}

boost::system::result<void, CopyFailure> OutgoingBody::compare_some() {
    const std::uint64_t end = std::min(resume_offset_, hashed_ + stretch);
    const auto read = read_all(source_, hashed_, end, scratch_,
                               [this](Bytes bytes) { crc_ = crc64(crc_, bytes); });
    if (!read) return unreadable(read.error());
    hashed_ = end;
    if (hashed_ < resume_offset_) return {};
    stage_ = Stage::waiting;
    if (resume_crc_) compare();
    return {};
}

void OutgoingBody::compare() {
    hashed_ = 0;
    if (item_->shown) item_->shown->phase = Phase::moving;
    resumed_ = crc_ == *resume_crc_;
    if (resumed_) {
        show(resume_offset_);
        position_ = resume_offset_;
    }
    stage_ = Stage::announcing;
}

/// An empty DATA says where we go on: here, or at the beginning.
boost::system::result<std::size_t, CopyFailure> OutgoingBody::announce(MutableBytes buffer) {
    std::string line;
    append(line, wire::CopyData{n_, position_, 0});
    std::ranges::copy(as_bytes(line), buffer.begin());
    stage_ = Stage::reading;
    if (item_->status.sparse) {
        if (auto next = next_extent(); !next) return next.error();
    } else if (position_ == item_->status.size) {
        end_of_data();
    }
    return line.size();
}

boost::system::result<void, CopyFailure> OutgoingBody::reread_some() {
    const std::uint64_t end = std::min(position_, hashed_ + stretch);
    const auto read =
        read_all(source_, hashed_, end, scratch_, [this](Bytes bytes) { digests_.update(bytes); });
    if (!read) return unreadable(read.error());
    hashed_ = end;
    if (hashed_ == position_) stage_ = Stage::ended;
    return {};
}

void OutgoingBody::hash_hole() {
    for (std::uint64_t done = 0; done < stretch && position_ < extent_.begin;) {
        const Bytes hole = zeros(extent_.begin - position_);
        if (!resumed_) digests_.update(hole);
        position_ += hole.size();
        done += hole.size();
        show(hole.size());
    }
    if (position_ < extent_.begin) return;
    stage_ = Stage::reading;
    if (position_ == item_->status.size) end_of_data();
}

/// The bytes end here, or go on behind a hole.
boost::system::result<void, CopyFailure> OutgoingBody::next_extent() {
    const auto next = source_.data_from(position_);
    if (!next) return unreadable(next.error());
    extent_ = {std::min(next->begin, item_->status.size), std::min(next->end, item_->status.size)};
    if (extent_.begin > position_) {
        stage_ = Stage::hole;
    } else if (position_ >= item_->status.size) {
        end_of_data();
    }
    return {};
}

void OutgoingBody::end_of_data() {
    stage_ = resumed_ ? Stage::reread : Stage::ended;
    if (resumed_ && item_->shown) item_->shown->phase = Phase::hashing;
}

boost::system::result<std::size_t, CopyFailure> OutgoingBody::produce(MutableBytes buffer) {
    starved_ = false;
    std::size_t filled = 0;
    if (stage_ == Stage::announcing) {
        const auto announced = announce(buffer);
        if (!announced) return announced.error();
        filled = *announced;
    }
    while (stage_ == Stage::reading) {
        const auto framed = frame(buffer.subspan(filled));
        if (!framed) return framed.error();
        if (*framed == 0) break;
        filled += *framed;
    }
    return filled;
}

/// One DATA and its bytes. Only what was read is announced: a source may shrink at any time.
boost::system::result<std::size_t, CopyFailure> OutgoingBody::frame(MutableBytes buffer) {
    const std::uint64_t left = extent_.end - position_;
    if (buffer.size() < longest_line + std::min<std::uint64_t>(left, least_data)) return 0;
    if (pipe_ && !source_.ready()) {
        starved_ = true;
        return 0;
    }
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size() - longest_line));
    std::string line;
    append(line, wire::CopyData{n_, position_, want});
    const auto got = source_.read_at(position_, buffer.subspan(line.size(), want));
    if (!got) return unreadable(got.error());
    if (*got == 0) {
        if (item_->kind != CopyItem::Kind::pipe) return changed();
        end_of_data();
        return 0;
    }
    const MutableBytes bytes = buffer.subspan(line.size(), *got);
    if (!resumed_) digests_.update(bytes);
    std::size_t begin = line.size();
    if (*got < want) {  // rare: the line was made for more
        line.clear();
        append(line, wire::CopyData{n_, position_, *got});
        std::memmove(buffer.data() + line.size(), bytes.data(), bytes.size());
        begin = line.size();
    }
    std::ranges::copy(as_bytes(line), buffer.begin());
    position_ += *got;
    show(*got);
    if (position_ == extent_.end && item_->kind != CopyItem::Kind::pipe) {
        if (position_ == item_->status.size) {
            end_of_data();
        } else if (auto next = next_extent(); !next) {
            return next.error();
        }
    }
    return begin + *got;
}

boost::system::result<wire::CopySum, CopyFailure> OutgoingBody::sum() {
    if (!source_.unchanged()) return changed();
    finished_ = digests_.finish();
    wire::CopySum sum{n_, position_, {}};
    for (const auto& [kind, hex] : finished_) sum.digests.emplace_back(to_string(kind), hex);
    return sum;
}

/// What is about to be sent, or need not be, counts as done on the screen.
void OutgoingBody::show(std::uint64_t bytes) {
    item_->counted += bytes;
    progress_->bytes += bytes;
    if (item_->shown) item_->shown->bytes += bytes;
}

CopyFailure OutgoingBody::changed() const {
    return {"changed",
            make_error(Errc::local_file,
                       quote(item_->path.string()) +
                           " changed while it was sent; send it again when it is at rest")};
}

Result<bool> FileHasher::hash_some() {
    const std::uint64_t size = source_.size().value_or(0);
    const std::uint64_t end = std::min(size, position_ + stretch);
    const auto read =
        read_all(source_, position_, end, buffer_, [this](Bytes bytes) { digest_.update(bytes); });
    if (!read) return read.error();
    position_ = end;
    return position_ == size;
}

}  // namespace netcopy
