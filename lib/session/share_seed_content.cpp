#include "session/share_seed_content.hpp"

#include <algorithm>

namespace netcopy {
namespace {

TransferReading reading(const std::string& md5, std::uint64_t size, std::string_view front) {
    return make_reading(wire::TransferDigest::md5, md5, size, front);
}

}  // namespace

ShareSeedContent::ShareSeedContent(std::string header, std::uint64_t size, std::string md5,
                                   std::function<Result<>(Bytes)> put)
    : header_(std::move(header)),
      size_(size),
      expected_(std::move(md5)),
      put_(std::move(put)),
      goal_(size) {}

Result<> ShareSeedContent::take(Bytes bytes) {
    came_ += bytes.size();
    if (decided_) return pass_on(bytes);
    head_ += as_text(bytes);
    const std::size_t compared = std::min(head_.size(), header_.size());
    const bool alike = head_.compare(0, compared, header_, 0, compared) == 0;
    if (!alike) return decide(0);
    if (head_.size() <= header_.size()) return {};
    return decide(header_.size() + (head_[header_.size()] == '\n' ? 1 : 0));
}

/// The file begins behind so many bytes, or with some of them.
Result<> ShareSeedContent::decide(std::size_t skip) {
    const std::string_view front = std::string_view(head_).substr(0, skip);
    if (skip > 0 && size_ >= skip) readings_.push_back(reading(expected_, size_, front));
    if (skip > header_.size()) readings_.push_back(reading(expected_, size_, "\n"));
    readings_.push_back(reading(expected_, size_, ""));
    decided_ = true;
    skipped_ = skip;
    const std::string head = std::exchange(head_, {});
    return pass_on(as_bytes(head).subspan(skip));
}

Result<> ShareSeedContent::pass_on(Bytes bytes) {
    for (std::size_t i = current_; i < readings_.size(); ++i) readings_[i].digest.update(bytes);
    return put_(bytes);
}

Result<ShareSeedContent::Fit> ShareSeedContent::fits() {
    if (!decided_) {
        // All that came is a part of the header, or nothing: a very short file.
        auto plain = reading(expected_, size_, head_);
        hex_ = plain.digest.hex();
        if (hex_ != expected_ && size_ > 0) {
            goal_ = header_.size() + size_;
            return Fit::not_yet;
        }
        const auto decided = decide(0);
        if (!decided) return decided.error();
        return hex_ == expected_ ? Fit::yes : Fit::no;
    }
    hex_ = readings_[current_].digest.hex();
    if (hex_ == expected_) return Fit::yes;
    if (current_ + 1 == readings_.size()) return Fit::no;
    ++current_;
    goal_ = std::max(came_, skipped_ + readings_[current_].to_come());
    return Fit::not_yet;
}

}  // namespace netcopy
