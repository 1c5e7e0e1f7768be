#include "store/source_digest.hpp"

#include "file/read_through.hpp"

namespace netcopy {
namespace {

/// A job gives its thread back after so much: for others, and to see whether to stop.
constexpr std::uint64_t slice = 32 << 20;  // bytes

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
    std::vector<std::byte> buffer;
    const auto take = [&](Bytes bytes) {
        digest.update(bytes);
        progress.bytes += bytes.size();
    };
    std::uint64_t end = 0;
    for (std::uint64_t begin = 0; begin < file->size && end == begin; begin += slice) {
        const auto hashed = co_await disk.run(
            [&] { return read_through(source, begin, begin + slice, buffer, take); });
        if (!hashed) co_return hashed.error();
        end = *hashed;
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
