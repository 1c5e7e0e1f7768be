#include "session/fetch_target.hpp"

#include "base/bytes.hpp"
#include "file/safe_name.hpp"
#include "session/copy_body.hpp"

namespace netcopy {
namespace {

Error refused(const CatalogueEntry& entry, std::string_view why) {
    return make_error(Errc::refused, "cannot fetch " + quote(entry.name) + ": " + std::string(why));
}

Result<bool> has_digest(Tree& tree, const std::string& name, const KnownDigest& expected) {
    auto source = tree.read(name);
    if (!source) return source.error();
    FileHasher hasher(std::move(*source), expected.first);
    for (;;) {
        const auto done = hasher.hash_some();
        if (!done) return done.error();
        if (*done) return hasher.hex() == expected.second;
    }
}

}  // namespace

std::optional<KnownDigest> digest_of(const CatalogueEntry& entry) {
    if (!entry.sha256.empty()) return KnownDigest(DigestKind::sha256, entry.sha256);
    if (!entry.md5.empty()) return KnownDigest(DigestKind::md5, entry.md5);
    return std::nullopt;
}

Result<FetchTarget> look_at_target(Tree& tree, const CatalogueEntry& entry, Overwrite overwrite) {
    if (const auto safe = safe_name(entry.name); !safe) return safe.error();
    const auto status = tree.status(entry.name);
    if (!status) return status.error();
    FetchTarget target;
    if (overwrite == Overwrite::rename) target.existing = Existing::rename;
    if (!*status) return target;
    const FileStatus& there = **status;
    const auto expected = digest_of(entry);
    if (there.kind == FileStatus::Kind::regular && there.size == entry.size && expected) {
        const auto same = has_digest(tree, entry.name, *expected);
        if (!same) return same.error();
        if (*same) return FetchTarget{true, target.existing};
    }
    if (overwrite == Overwrite::rename) return target;
    if (there.kind == FileStatus::Kind::folder) {
        return refused(entry, "a folder of that name is there");
    }
    if (overwrite == Overwrite::never) {
        return refused(entry, "another file of that name is there and stays (--overwrite never)");
    }
    if (overwrite == Overwrite::newer && (!entry.mtime || there.mtime >= *entry.mtime)) {
        return refused(entry, "the file there is at least as new and stays (--overwrite newer)");
    }
    target.existing = Existing::replace;
    return target;
}

}  // namespace netcopy
