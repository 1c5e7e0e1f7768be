#include "session/share_list.hpp"

#include <algorithm>

#include "session/shared_folder.hpp"

namespace netcopy {
namespace {

constexpr std::size_t page_files = 512;
/// Time is looked at after so many lines.
constexpr std::uint64_t most_messages = 2048;

}  // namespace

ShareLister::ShareLister(const SharedFolder& folder)
    : folder_(folder), busy_(wire::line_of(wire::CopyBusy{})) {}

Result<std::size_t> ShareLister::produce(MutableBytes buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size() && !finished()) {
        if (sent_ == text_.size()) next_page();
        const auto rest = std::string_view(text_).substr(sent_, buffer.size() - filled);
        std::ranges::copy(as_bytes(rest), buffer.begin() + static_cast<std::ptrdiff_t>(filled));
        filled += rest.size();
        sent_ += rest.size();
    }
    return filled;
}

void ShareLister::next_page() {
    text_.clear();
    sent_ = 0;
    auto page = folder_.page(last_, page_files);
    for (SharedFile& file : page) {
        last_ = file.name;
        append(text_, wire::CopyFile{file.status.size, file.status.mtime, std::move(file.name),
                                     std::move(file.md5), std::move(file.sha256)});
    }
    files_ += page.size();
    if (!page.empty()) return;
    append(text_, wire::CopyListed{files_});
    said_end_ = true;
}

ShareListing::ShareListing(ListProgress& progress,
                           const std::function<void(const wire::CopyFile&)>& on_file)
    : progress_(progress), on_file_(on_file) {}

Result<std::size_t> ShareListing::consume(Bytes bytes) {
    std::size_t used = 0;
    const std::uint64_t enough = messages_ + most_messages;
    while (used < bytes.size() && !progress_.done && messages_ < enough) {
        auto parsed = wire::parse_copy_listing(as_text(bytes.subspan(used)));
        if (!parsed) return parsed.error();
        if (parsed->verdict == wire::Verdict::need_more) break;
        used += parsed->used;
        ++messages_;
        const auto taken =
            std::visit([this](const auto& message) { return take(message); }, parsed->message);
        if (!taken) return taken.error();
    }
    return used;
}

Result<> ShareListing::take(const wire::CopyFile& file) {
    if (files_++ > 0 && file.name <= last_) {
        return make_error(Errc::protocol, "the list is not in the order of its names");
    }
    last_ = file.name;
    if (file.name <= progress_.last) return {};  // heard before the last connection broke
    progress_.last = file.name;
    fruitful_ = true;
    on_file_(file);
    return {};
}

Result<> ShareListing::take(const wire::CopyListed& listed) {
    if (listed.files != files_) {
        return make_error(Errc::protocol, "the list has another number of files than its end says");
    }
    progress_.done = true;
    fruitful_ = true;
    return {};
}

}  // namespace netcopy
