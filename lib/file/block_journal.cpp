#include "file/block_journal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>

#include "base/bytes.hpp"
#include "file/crc64.hpp"
#include "file/io.hpp"
#include "file/journal.hpp"

namespace netcopy {
namespace {

constexpr std::uint64_t least_block = 256 * 1024;  // bytes
constexpr std::uint64_t most_blocks = 65'536;
constexpr std::size_t record_size = 2 * journal_record_size;
/// Records of blocks that were fetched again; more than that is no journal of ours.
constexpr std::uint64_t most_times = 8;

std::uint64_t number_at(Bytes record, std::size_t at) {
    return parse_journal_record(record.subspan(at).first<journal_record_size>());
}

}  // namespace

std::uint64_t journal_block_size(std::uint64_t file_size) {
    return std::max(least_block, std::bit_ceil((file_size + most_blocks - 1) / most_blocks));
}

std::string block_journal_header(const BlockJournalKey& key) {
    std::string header = "netcopy-blocks 1\n" + std::to_string(key.size) + ' ' +
                         escape(key.content) + ' ' + escape(key.name, key.name.size()) + '\n';
    std::array<char, 24> crc{};
    std::snprintf(crc.data(), crc.size(), "%016llx\n",
                  static_cast<unsigned long long>(crc64(0, as_bytes(header))));
    return header + crc.data();
}

BlockJournal::BlockJournal(Descriptor file, const BlockJournalKey& key) : file_(std::move(file)) {
    const std::string header = block_journal_header(key);
    const std::uint64_t block = journal_block_size(key.size);
    crcs_.resize(key.size / block + (key.size % block != 0 ? 1 : 0));
    header_size_ = end_ = header.size();
    if (!file_) return;
    std::vector<std::byte> begin(header.size());
    struct stat status {};
    const bool ours = read_all_at(file_.get(), begin, 0) == static_cast<ssize_t>(header.size()) &&
                      as_text(begin) == header && ::fstat(file_.get(), &status) == 0;
    if (ours) {
        load(static_cast<std::uint64_t>(status.st_size));
    } else if (::ftruncate(file_.get(), 0) != 0 ||
               !write_all_at(file_.get(), as_bytes(header), 0)) {
        file_ = Descriptor();
    }
}

void BlockJournal::load(std::uint64_t size) {
    const std::uint64_t there = (size - header_size_) / record_size;
    const std::uint64_t count = std::min<std::uint64_t>(there, crcs_.size() * most_times);
    std::vector<std::byte> bytes(count * record_size);
    const ssize_t got = read_all_at(file_.get(), bytes, header_size_);
    const std::size_t records = got < 0 ? 0 : static_cast<std::size_t>(got) / record_size;
    for (std::size_t i = 0; i < records; ++i) {
        const Bytes record = Bytes(bytes).subspan(i * record_size, record_size);
        const std::uint64_t block = number_at(record, 0);
        if (block >= crcs_.size()) continue;  // a torn or foreign one
        if (!crcs_[block]) ++known_;
        crcs_[block] = number_at(record, journal_record_size);
    }
    end_ = header_size_ + records * record_size;
}

void BlockJournal::append(std::size_t block, std::uint64_t crc) {
    if (!file_) return;
    std::vector<std::byte> record;
    append_journal_record(record, block);
    append_journal_record(record, crc);
    if (write_all_at(file_.get(), record, end_)) {
        end_ += record.size();
    } else {
        file_ = Descriptor();
    }
}

void BlockJournal::set(std::size_t block, std::uint64_t crc) {
    if (!crcs_[block]) ++known_;
    crcs_[block] = crc;
    append(block, crc);
}

void BlockJournal::forget(std::size_t block) {
    if (crcs_[block]) --known_;
    crcs_[block].reset();
}

void BlockJournal::rewrite() {
    if (!file_) return;
    if (::ftruncate(file_.get(), static_cast<off_t>(header_size_)) != 0) {
        file_ = Descriptor();
        return;
    }
    end_ = header_size_;
    for (std::size_t block = 0; block < crcs_.size(); ++block) {
        if (crcs_[block]) append(block, *crcs_[block]);
    }
}

}  // namespace netcopy
