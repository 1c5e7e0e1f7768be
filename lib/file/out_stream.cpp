#include "file/out_stream.hpp"

#include <algorithm>

#include "file/crc64.hpp"

namespace netcopy {

void OutStream::begin() {
    at_ = 0;
    at_crc_ = 0;
}

Result<> OutStream::write_at(std::uint64_t offset, Bytes bytes) {
    if (const auto filled = fill(offset); !filled) return filled;
    return put(bytes);
}

Result<> OutStream::finish(std::uint64_t size) {
    if (const auto filled = fill(size); !filled) return filled;
    if (at_ >= written_) return {};
    return make_error(Errc::corrupted, "more was written than the file has");
}

Result<> OutStream::fill(std::uint64_t end) {
    while (at_ < end) {
        if (const auto done = put(zeros(end - at_)); !done) return done;
    }
    return {};
}

Result<> OutStream::put(Bytes bytes) {
    if (broken_) return make_error(Errc::local_file, "writing has failed before");
    if (at_ < written_) {
        const Bytes known = bytes.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), written_ - at_)));
        at_crc_ = crc64(at_crc_, known);
        at_ += known.size();
        bytes = bytes.subspan(known.size());
        if (at_ == written_ && at_crc_ != crc_) {
            broken_ = true;
            return make_error(Errc::corrupted,
                              "what was written before is not how the file begins");
        }
    }
    if (bytes.empty()) return {};
    const auto done = write_(bytes);
    broken_ = !done;
    if (!done) return done;
    crc_ = at_crc_ = crc64(at_crc_, bytes);
    at_ += bytes.size();
    written_ = at_;
    return {};
}

}  // namespace netcopy
