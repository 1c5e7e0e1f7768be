// Fuzzes both parsers of the transfer protocol: header and answer. Besides not reading beyond their
// input they must keep what wire/transfer.hpp promises; a broken promise aborts.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "wire/transfer.hpp"

namespace {

using namespace netcopy;
using wire::TransferDigest;
using wire::Verdict;

void require(bool promise) {
    if (!promise) std::abort();
}

/// What came out, with copies of what it points to.
struct Header {
    bool error = false;
    Verdict verdict{};
    std::size_t used = 0;
    std::string path, number, digest;
    std::uint64_t size = 0;
    TransferDigest kind{};

    bool operator==(const Header&) const = default;
};

/// A copy that ends where its heap block ends, so that the address sanitizer sees a read beyond it.
struct Exact {
    explicit Exact(std::string_view text) : size(text.size()), bytes(new char[text.size()]) {
        std::copy(text.begin(), text.end(), bytes.get());
    }
    std::string_view view() const { return {bytes.get(), size}; }

    std::size_t size;
    std::unique_ptr<char[]> bytes;
};

bool inside(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

Header parse(std::string_view bytes) {
    const Exact copy(bytes);
    const auto parsed = wire::parse_transfer_header(copy.view());
    Header header;
    header.error = !parsed;
    if (!parsed) {
        require(parsed.error() == Errc::protocol && !parsed.error().context.empty());
        return header;
    }
    header.verdict = parsed->verdict;
    if (parsed->verdict == Verdict::need_more) {
        require(parsed->used == 0 && bytes.size() < wire::transfer_header_limit);
        return header;
    }
    const wire::TransferHeader& message = parsed->message;
    const std::string_view used = copy.view().substr(0, parsed->used);
    require(parsed->skipped == 0 && used.size() == parsed->used);
    require(used.size() <= wire::transfer_header_limit);
    require(inside(message.path, used) && inside(message.number, used));
    require(inside(message.digest, used));
    require(message.digest.size() == wire::hex_digits(message.kind));
    require(!message.number.empty() && message.size <= wire::transfer_size_limit);
    require(message.path.find('\0') == std::string_view::npos);
    header.used = parsed->used;
    header.path = message.path;
    header.number = message.number;
    header.digest = message.digest;
    header.size = message.size;
    header.kind = message.kind;
    std::string again = header.path + "<SEPARATOR>" + header.number;
    if (message.kind != TransferDigest::none) again += "<SEPARATOR>" + header.digest;
    require(again == used);
    return header;
}

/// Reads one way or the other: what is decided stays so, whatever follows.
void check_followed(std::string_view bytes, const Header& header) {
    for (const char* more : {"0", "a", "\n", "<", "<SEPARATOR>", "z<SEPARATOR>"}) {
        const Header longer = parse(std::string(bytes) + more);
        if (header.error) require(longer.error);
        if (!header.error && header.verdict == Verdict::complete) require(longer == header);
        if (!header.error && !longer.error) {
            require(longer.used >= header.used || longer.verdict == Verdict::need_more);
        }
    }
}

void check_encoding(const Header& header) {
    const std::string_view name = wire::last_component(header.path);
    require(name.find_first_of("/\\") == std::string_view::npos);
    const auto encoded =
        wire::encode_transfer_header(name, header.size, header.kind, header.digest);
    if (!encoded) {
        require(encoded.error() == Errc::refused);
        require(name.empty() || name.size() + 100 > wire::transfer_header_limit);
        return;
    }
    const Header again = parse(*encoded);
    require(!again.error && again.verdict != Verdict::need_more && again.used == encoded->size());
    require(again.path == name && again.size == header.size && again.kind == header.kind);
}

void check_answer(std::string_view bytes) {
    const Exact copy(bytes);
    const auto parsed = wire::parse_transfer_answer(copy.view());
    require(inside(parsed.message.words, copy.view()));
    if (parsed.verdict == Verdict::need_more) return;
    require(parsed.used == bytes.size() && !parsed.message.words.empty());
    const auto again = wire::parse_transfer_answer(parsed.message.words);
    require(again.verdict == parsed.verdict && again.message.verdict == parsed.message.verdict);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_answer(input);
    const Header header = parse(input);
    check_followed(input, header);
    if (!header.error && header.verdict != Verdict::need_more) check_encoding(header);
    // What a beginning is sure of, the whole says too.
    const std::size_t step = 1 + size / 64;
    for (std::size_t cut = 0; cut < size; cut += step) {
        const Header begin = parse(input.substr(0, cut));
        if (begin.error) require(header.error);
        if (!begin.error && begin.verdict == Verdict::complete) require(begin == header);
    }
    return 0;
}
