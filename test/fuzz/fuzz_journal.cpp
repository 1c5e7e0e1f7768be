// Fuzzes the journal of a partial file: first the functions that read one, in heap buffers of
// exactly their size, then a partial file beside which these bytes lie. Whatever they are, what
// IncomingFile says is there must be there; a broken promise aborts.

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "file/crc64.hpp"
#include "file/descriptor.hpp"
#include "file/journal.hpp"
#include "file/tree.hpp"

namespace {

using namespace netcopy;

constexpr std::uint64_t partial_size = 3 * journal_step + 1000;  // bytes that are there
constexpr std::uint64_t whole_size = 5 * journal_step;           // bytes that it is to have
const JournalKey key{whole_size, {1'700'000'000, 5}, "name"};

void require(bool promise) {
    if (!promise) std::abort();
}

/// What the partial file holds: a period that does not divide a step.
const std::vector<std::byte>& content() {
    static const std::vector<std::byte> bytes = [] {
        std::vector<std::byte> made(partial_size);
        for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<std::byte>(i % 251);
        return made;
    }();
    return bytes;
}

std::uint64_t crc_of_begin(std::uint64_t bytes) { return crc64(0, Bytes(content()).first(bytes)); }

/// A folder in memory where that can be, gone at the end of the process.
struct Place {
    Place() {
        std::string name = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/netcopy-fuzz-XXXXXX"
                                                           : "/tmp/netcopy-fuzz-XXXXXX";
        require(::mkdtemp(name.data()) != nullptr);
        path = name;
        tree = std::make_unique<Tree>(Tree::open(path).value());
        const IncomingFile file = make();
        for (const auto& entry : std::filesystem::directory_iterator(path)) {
            if (entry.path().extension() != ".journal") partial = entry.path();
        }
        journal = partial.string() + ".journal";
    }
    ~Place() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    IncomingFile make() const {
        IncomingPlan plan;
        plan.size = key.size;
        plan.mtime = key.mtime;
        plan.sparse = true;
        return tree->create(key.name, plan).value();
    }
    static void write(const std::filesystem::path& where, Bytes bytes) {
        const Descriptor file(::open(where.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        require(::write(file.get(), bytes.data(), bytes.size()) ==
                static_cast<ssize_t>(bytes.size()));
    }

    std::filesystem::path path, partial, journal;
    std::unique_ptr<Tree> tree;
};

void check_functions(Bytes bytes) {
    const std::string header = journal_header(key);
    const std::string_view text = as_text(bytes);
    require(is_journal_of(key, bytes) == text.starts_with(header));
    if (bytes.size() < journal_record_size) return;
    const auto record = bytes.last<journal_record_size>();
    std::vector<std::byte> again;
    append_journal_record(again, parse_journal_record(record));
    require(std::ranges::equal(again, record));
    // Of any name and time a header comes that is its own, ends its lines, and has no line end
    // more.
    const JournalKey any{parse_journal_record(record),
                         {static_cast<std::int64_t>(parse_journal_record(record)), 999'999'999},
                         text};
    const std::string made = journal_header(any);
    require(is_journal_of(any, as_bytes(made)));
    require(std::ranges::count(made, '\n') == 3 && made.back() == '\n');
}

/// With a partial file whose bytes are good: kept is what the records vouch for, and no more.
void check_resume(Bytes journal) {
    static const Place place;
    Place::write(place.partial, content());
    Place::write(place.journal, journal);
    IncomingFile file = place.make();
    const std::uint64_t claimed = file.kept();
    require(claimed <= partial_size && claimed % journal_step == 0);
    for (int stretch = 0;; ++stretch) {
        require(stretch < 100);
        const auto done = file.check_some();
        require(done.has_value());
        if (*done) break;
    }
    const std::uint64_t kept = file.kept();
    require(kept <= claimed && kept % journal_step == 0);
    require(file.kept_crc64() == crc_of_begin(kept));
    require(std::filesystem::file_size(place.partial) == kept);

    // As far as the records are true it is kept, and not a step further.
    std::uint64_t expected = 0;
    if (is_journal_of(key, journal)) {
        for (Bytes rest = journal.subspan(journal_header(key).size());
             rest.size() >= journal_record_size && expected + journal_step <= partial_size;
             rest = rest.subspan(journal_record_size)) {
            const std::uint64_t record = parse_journal_record(rest.first<journal_record_size>());
            if (record != crc_of_begin(expected + journal_step)) break;
            expected += journal_step;
        }
    }
    require(kept == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::unique_ptr<std::byte[]> copy(new std::byte[size]);
    std::ranges::copy(std::as_bytes(std::span(data, size)), copy.get());
    const Bytes input(copy.get(), size);
    check_functions(input);
    check_resume(input);

    // The same as the records of a journal whose header is good, with as many good records before
    // them as the first byte says.
    std::string journal = journal_header(key);
    std::vector<std::byte> records;
    const unsigned good = size == 0 ? 0 : data[0] % 5;
    for (unsigned step = 1; step <= good; ++step) {
        append_journal_record(records, crc_of_begin(std::min(step * journal_step, partial_size)));
    }
    journal += as_text(records);
    if (size > 0) journal += as_text(input.subspan(1));
    check_resume(as_bytes(journal));
    return 0;
}
