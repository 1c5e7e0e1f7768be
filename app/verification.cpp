#include "app/verification.hpp"

#include "crypto/digest.hpp"
#include "file/read_through.hpp"

namespace netcopy::app {
namespace {

constexpr std::uint64_t stretch = 16 * 1024 * 1024;     // bytes hashed before a look at stopped_
constexpr std::size_t most_waiting = 16 * 1024;         // entries of the list that are held
constexpr std::size_t batch_files = 64;                 // taken at a time ...
constexpr std::uint64_t batch_bytes = 4 * 1024 * 1024;  // ... unless they are large
constexpr std::uint64_t large = 32 * 1024 * 1024;  // bytes from which a file is shown by itself

}  // namespace

Result<bool> Verification::add_some(ManifestReader& list) {
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopped_ || waiting_.size() < most_waiting; });
        if (stopped_) return false;
    }
    std::vector<ManifestEntry> entries;
    const auto read = list.read_some(entries);
    // The sizes are for the progress: they are looked up before the checks begin to read.
    std::deque<Listed> found;
    std::uint64_t bytes = 0;
    for (ManifestEntry& entry : entries) {
        if (stopped_) return false;
        const auto source = open_listed(folder_, entry);
        const std::uint64_t size = source && *source ? (*source)->size().value_or(0) : 0;
        found.push_back({std::move(entry), size});
        bytes += size;
    }
    progress_.files_total += found.size();
    progress_.total += bytes;
    {
        const std::lock_guard lock(mutex_);
        counts_.files += found.size();
        std::move(found.begin(), found.end(), std::back_inserter(waiting_));
    }
    changed_.notify_all();
    return read;
}

void Verification::end_of_list() {
    progress_.counting = false;
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

void Verification::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

std::vector<ManifestEntry> Verification::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || ended_ || !waiting_.empty(); });
    std::vector<ManifestEntry> batch;
    std::uint64_t bytes = 0;
    while (!stopped_ && !waiting_.empty() && batch.size() < batch_files && bytes < batch_bytes) {
        bytes += waiting_.front().size;
        batch.push_back(std::move(waiting_.front().entry));
        waiting_.pop_front();
    }
    lock.unlock();
    changed_.notify_all();
    return batch;
}

bool Verification::check_files(const Say& say) {
    std::vector<std::byte> buffer;
    for (auto batch = take(); !batch.empty(); batch = take()) {
        for (const ManifestEntry& entry : batch) {
            if (stopped_) return true;
            check(entry, buffer, say);
        }
    }
    return true;
}

void Verification::check(const ManifestEntry& entry, std::vector<std::byte>& buffer,
                         const Say& say) {
    auto source = open_listed(folder_, entry);
    if (!source) {
        report(entry, {"unreadable", "unreadable", 0, {}, source.error().context},
               &Counts::unreadable, say);
    } else if (!*source) {
        report(entry, {"missing", "missing", 0, {}, {}}, &Counts::missing, say);
    } else {
        const std::uint64_t size = (*source)->size().value_or(0);
        const auto found = digest(**source, buffer);
        if (!found) return;
        if (!*found) {
            report(entry, {"unreadable", "unreadable", size, {}, found->error().context},
                   &Counts::unreadable, say);
        } else if (**found != entry.sha256) {
            report(entry, {"FAILED", "corrupted", size, **found, {}}, &Counts::differ, say);
        }
    }
    ++progress_.files;
}

std::optional<Result<std::string>> Verification::digest(FileSource& source,
                                                        std::vector<std::byte>& buffer) {
    const std::uint64_t size = source.size().value_or(0);
    const auto shown = size >= large ? progress_.begin(source.name(), size) : nullptr;
    Digest digest(DigestKind::sha256);
    const auto take = [&](Bytes bytes) {
        digest.update(bytes);
        progress_.bytes += bytes.size();
        if (shown) shown->bytes += bytes.size();
    };
    for (std::uint64_t begin = 0, end = 0; begin == end; begin += stretch) {
        if (stopped_) return std::nullopt;
        const auto read = read_through(source, begin, begin + stretch, buffer, take);
        if (!read) return Result<std::string>(read.error());
        end = *read;
    }
    return Result<std::string>(digest.hex());
}

void Verification::report(const ManifestEntry& entry, Outcome outcome, std::uint64_t Counts::*count,
                          const Say& say) {
    {
        const std::lock_guard lock(mutex_);
        ++(counts_.*count);
    }
    say(entry, outcome);
}

}  // namespace netcopy::app
