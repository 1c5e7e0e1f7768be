#include "session/whole_source.hpp"

#include <algorithm>

namespace netcopy {

Produce WholeSource::produce() {
    return [this](MutableBytes buffer) { return read(buffer); };
}

Result<std::optional<std::size_t>> WholeSource::read(MutableBytes buffer) {
    const auto most = std::min<std::uint64_t>(buffer.size(), size_ - bytes_);
    const auto got = source_.read_at(bytes_, buffer.first(static_cast<std::size_t>(most)));
    if (!got) return got.error();
    bytes_ += *got;
    if (digests_) digests_->update(buffer.first(*got));
    if (bytes_<size_&& * got> 0) return std::optional(*got);
    if (const auto unchanged = source_.unchanged(); !unchanged) return unchanged.error();
    if (bytes_ < size_) {
        return make_error(Errc::local_file,
                          quote(source_.name()) + " ended before its size; send it again");
    }
    if (also_) {
        if (const auto holds = also_(); !holds) return holds.error();
    }
    return std::optional(*got);
}

}  // namespace netcopy
