#include "file/journal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "file/crc64.hpp"
#include "file/io.hpp"

namespace netcopy {
namespace {

constexpr std::size_t most_pending = 32 * 1024;  // bytes; a hole of any size may come at once

}  // namespace

std::string journal_header(const JournalKey& key) {
    std::array<char, 16> nanoseconds{};
    std::snprintf(nanoseconds.data(), nanoseconds.size(), ".%09u", key.mtime.nanoseconds);
    std::string header = "netcopy-journal 1\n" + std::to_string(key.size) + ' ' +
                         std::to_string(key.mtime.seconds) + nanoseconds.data() + ' ' +
                         escape(key.name, key.name.size()) + '\n';
    std::array<char, 24> crc{};
    std::snprintf(crc.data(), crc.size(), "%016llx\n",
                  static_cast<unsigned long long>(crc64(0, as_bytes(header))));
    return header + crc.data();
}

bool is_journal_of(const JournalKey& key, Bytes begin) {
    return as_text(begin).starts_with(journal_header(key));
}

void append_journal_record(std::vector<std::byte>& out, std::uint64_t crc) {
    for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<std::byte>(crc >> shift));
}

std::uint64_t parse_journal_record(std::span<const std::byte, journal_record_size> record) {
    std::uint64_t crc = 0;
    for (std::size_t i = 0; i < record.size(); ++i) {
        crc |= std::to_integer<std::uint64_t>(record[i]) << 8 * i;
    }
    return crc;
}

Journal::Journal(Descriptor file, const JournalKey& key) : file_(std::move(file)) {
    const std::string header = journal_header(key);
    header_size_ = header.size();
    std::vector<std::byte> begin(header.size());
    struct stat status {};
    const bool ours = read_all_at(file_.get(), begin, 0) == static_cast<ssize_t>(header.size()) &&
                      is_journal_of(key, begin) && ::fstat(file_.get(), &status) == 0;
    if (ours) {
        const auto size = static_cast<std::uint64_t>(status.st_size);
        records_ = (size - header_size_) / journal_record_size;
        return;
    }
    if (::ftruncate(file_.get(), 0) != 0 || !write_all_at(file_.get(), as_bytes(header), 0)) {
        file_ = Descriptor();
    }
}

std::size_t Journal::read(std::uint64_t first, std::span<std::uint64_t> out) const {
    const std::size_t wanted = std::min<std::uint64_t>(out.size(), records_ - first);
    std::vector<std::byte> bytes(wanted * journal_record_size);
    const ssize_t got = read_all_at(file_.get(), bytes, header_size_ + first * journal_record_size);
    const std::size_t count = got < 0 ? 0 : static_cast<std::size_t>(got) / journal_record_size;
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = parse_journal_record(
            Bytes(bytes).subspan(i * journal_record_size).first<journal_record_size>());
    }
    return count;
}

void Journal::resume(std::uint64_t records, std::uint64_t crc) {
    pending_.clear();
    records_ = records;
    position_ = records * journal_step;
    crc_ = crc;
    if (!file_) return;
    const std::uint64_t size = header_size_ + records * journal_record_size;
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) file_ = Descriptor();
}

void Journal::advance(std::uint64_t count) {
    position_ += count;
    if (position_ % journal_step != 0) return;
    append_journal_record(pending_, crc_);
    if (pending_.size() >= most_pending) flush();
}

void Journal::add(Bytes bytes) {
    while (!bytes.empty()) {
        const std::size_t part = std::min<std::uint64_t>(bytes.size(), to_next_step());
        crc_ = crc64(crc_, bytes.first(part));
        bytes = bytes.subspan(part);
        advance(part);
    }
}

void Journal::add_zeros(std::uint64_t count) {
    while (count > 0) {
        const std::uint64_t part = std::min(count, to_next_step());
        crc_ = crc64_zeros(crc_, part);
        count -= part;
        advance(part);
    }
}

void Journal::flush() {
    const std::uint64_t end = header_size_ + records_ * journal_record_size;
    if (file_ && !pending_.empty()) {
        if (write_all_at(file_.get(), pending_, end)) {
            records_ += pending_.size() / journal_record_size;
        } else {
            file_ = Descriptor();
        }
    }
    pending_.clear();
}

}  // namespace netcopy
