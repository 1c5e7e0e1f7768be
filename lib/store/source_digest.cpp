#include "store/source_digest.hpp"

#include <vector>

namespace netcopy {
namespace {

constexpr std::size_t buffer_size = 512 * 1024;
/// A job gives its thread back after so long: for others, and to see whether to stop.
constexpr std::chrono::milliseconds slice_time{100};

/// Hashes on for a while. True at the end of the file.
Result<bool> hash_some(FileSource& source, Digest& digest, std::vector<std::byte>& buffer,
                       std::uint64_t& offset, Progress& progress) {
    for (const auto end = Clock::now() + slice_time; Clock::now() < end;) {
        const auto got = source.read_at(offset, buffer);
        if (!got) return got.error();
        if (*got == 0) return true;
        digest.update(Bytes(buffer).first(*got));
        offset += *got;
        progress.bytes += *got;
    }
    return false;
}

}  // namespace

Task<Result<std::string>> source_digest(DiskPool& disk, FileSource& source, DigestKind kind,
                                        DigestCache* cache, Progress& progress) {
    const auto file = source.identity();
    if (!file) {
        co_return make_error(Errc::local_file, "cannot hash " + quote(source.name()) +
                                                   " ahead of sending it: it is no file");
    }
    progress.total = file->size;
    if (cache != nullptr) {
        auto known = co_await disk.run([&] { return cache->find(*file, kind); });
        if (known) {
            progress.bytes += file->size;
            co_return std::move(*known);
        }
    }
    Digest digest(kind);
    std::vector<std::byte> buffer(buffer_size);
    std::uint64_t offset = 0;
    for (bool whole = false; !whole;) {
        const auto hashed =
            co_await disk.run([&] { return hash_some(source, digest, buffer, offset, progress); });
        if (!hashed) co_return hashed.error();
        whole = *hashed;
    }
    const auto unchanged = source.unchanged();
    if (!unchanged) co_return unchanged.error();
    std::string hex = digest.hex();
    if (cache != nullptr) {
        co_await disk.run([&] {
            cache->remember(*file, kind, hex);
            return true;
        });
    }
    co_return hex;
}

}  // namespace netcopy
