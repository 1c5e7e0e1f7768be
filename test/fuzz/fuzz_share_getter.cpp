// Fuzzes a client that gets files from a share: what the input says goes into a ShareGetter that
// wishes for two files, and writes into a folder in memory. Lines get their checks, and a SUM that
// asks for it the digests that are right, for no fuzzer finds either. Whatever is said: no error
// but Errc::protocol, nothing in the folder but the two files, what was there stays, and what
// arrives has the MD5 that was wished for.
//
// The input's first byte chooses: 1 the rule for existing files (2 bits), 4 another file is there
// under the first name, 8 the pieces that arrive at a time.

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "copy_promises.hpp"
#include "session/share_getter.hpp"

using namespace netcopy;
using fuzz::require;

namespace {

const std::string hello = "hello\n";
const std::string other = "other\n";  // of equal size

std::string hex_of(DigestKind kind, std::string_view text) {
    Digest digest(kind);
    digest.update(as_bytes(text));
    return digest.hex();
}

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// In memory where that can be; gone at the end of the process.
struct Place {
    Place() {
        std::string name = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/netcopy-fuzz-XXXXXX"
                                                           : "/tmp/netcopy-fuzz-XXXXXX";
        require(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Place() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    void set_up(bool another_there) const {
        std::filesystem::remove_all(path);
        std::filesystem::create_directory(path);
        if (another_there) std::ofstream(path / "hello", std::ios::binary) << other;
    }
    std::filesystem::path path;
};

/// A SUM that ends with " sha256=" gets the digests of what its DATA said.
class Share {
public:
    std::string line(std::string line) {
        constexpr std::string_view asks = " sha256=";
        if (line.starts_with("SUM ") && line.ends_with(asks)) {
            line.resize(line.size() - asks.size());
            line += " sha256=" + hex_of(DigestKind::sha256, body_) +
                    " md5=" + hex_of(DigestKind::md5, body_);
            body_.clear();
        }
        const wire::CopyCheck check = wire::copy_check(line);
        return line + std::string(check.data(), check.size()) + "\n";
    }
    void body(std::string_view bytes) { body_ += bytes; }

private:
    std::string body_;
};

/// False: the client closes the connection.
bool say(ShareGetter& getter, std::string& pending, std::string_view bytes, std::size_t piece) {
    while (!bytes.empty()) {
        pending += bytes.substr(0, piece);
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (bool moved = true; moved;) {
            for (int i = 0; getter.busy(); ++i) {
                require(i < 10'000);
                require(getter.work().has_value());
            }
            std::byte buffer[4096];
            while (const std::size_t made = getter.produce(buffer).value()) {
                require(made <= sizeof buffer);
            }
            if (getter.finished()) return false;
            const fuzz::Exact exact(pending);
            const auto taken = getter.consume(as_bytes(exact.view()));
            if (!taken) {
                fuzz::check_error(taken.error());
                return false;
            }
            require(*taken <= pending.size());
            pending.erase(0, *taken);
            moved = *taken > 0 || getter.busy();
        }
    }
    return true;
}

void converse(ShareGetter& getter, std::string_view input, std::size_t piece) {
    Share share;
    std::string pending;
    for (bool open = true; open;) {
        const std::size_t end = input.find('\n');
        if (end == std::string_view::npos) break;
        const std::string line = share.line(std::string(input.substr(0, end)));
        input.remove_prefix(end + 1);
        open = say(getter, pending, line, piece);
        const auto parsed = wire::parse_copy_request(line);
        if (!parsed || parsed->verdict != wire::Verdict::complete) continue;
        if (const auto* data = std::get_if<wire::CopyData>(&parsed->message)) {
            const auto bytes = input.substr(0, std::min<std::uint64_t>(data->length, input.size()));
            input.remove_prefix(bytes.size());
            share.body(bytes);
            open = open && say(getter, pending, bytes, piece);
        }
    }
    getter.commit();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    static const Place place;
    const unsigned mode = data[0];
    const auto overwrite = static_cast<Overwrite>(mode & 3);
    place.set_up((mode & 4) != 0);
    TreeProgress progress;
    std::map<std::string, std::string> stored;  // name of an outcome -> as which it is stored
    ShareWishes wishes(progress, [&](const ShareWish& wish, const CopyOutcome& outcome) {
        require(!stored.contains(wish.name));
        if (outcome.kind == CopyOutcome::Kind::failed) {
            require(!outcome.error.context.empty());
            stored[wish.name] = {};
        } else {
            stored[wish.name] = outcome.stored_as.empty() ? wish.name : outcome.stored_as;
        }
    });
    wishes.add("hello", hex_of(DigestKind::md5, hello), hello.size());
    wishes.add("nothing", hex_of(DigestKind::md5, ""), 0);
    {
        ShareGetter getter(wishes, Tree::open(place.path).value(), overwrite, "peer", 4096, 1 << 20,
                           true);
        converse(getter, {reinterpret_cast<const char*>(data) + 1, size - 1},
                 (mode & 8) != 0 ? 7 : 65536);
    }
    for (const auto& [name, as] : stored) {
        if (!as.empty()) require(read(place.path / as) == (name == "hello" ? hello : ""));
    }
    for (const auto& entry : std::filesystem::directory_iterator(place.path)) {
        require(entry.is_regular_file());
        const std::string name = entry.path().filename().string();
        const std::string content = read(entry.path());
        const bool known = name.starts_with("hello") || name == "nothing";
        require(known && (content == hello || content.empty() || content == other));
    }
    const bool keeps = overwrite == Overwrite::never || overwrite == Overwrite::rename;
    if (keeps && (mode & 4) != 0) require(read(place.path / "hello") == other);
    return 0;
}
