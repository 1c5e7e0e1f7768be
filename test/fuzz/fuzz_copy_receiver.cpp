// Fuzzes a netcopy/1 receiver with whole conversations: lines and bodies go into a CopyReceiver
// that writes below a folder in memory. Lines get their checks, and those that say so the digest
// that is right, for no fuzzer finds either. Whatever is said: no error but Errc::protocol, nothing
// outside the folder, what was there stays, and under a final name only what a SUM has vouched for.
//
// The input's first byte chooses: 1 the rule for existing files (2 bits), 4 a quota, 8 the pieces
// that arrive at a time, 16 lines are as they are, 32 the bytes of bodies are not in the input but
// made up, 128 it is a share's: flat, with more digests, the same bytes once. A line "CONNECT" ends
// the connection and begins another; a digest "sha256=" without a value is made the right one.

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "copy_promises.hpp"
#include "file/journal.hpp"
#include "session/copy_receiver.hpp"

using namespace netcopy;
using fuzz::require;

namespace {

constexpr std::size_t largest = 3 << 19;  // bytes of one file: large enough to be resumed
const std::string before = "what was there before";

void write(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What made-up files hold. The period does not divide what a journal vouches for.
std::string_view made_up(std::uint64_t offset, std::uint64_t length) {
    static const std::string content = [] {
        std::string bytes(2 * largest, '\0');
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
        return bytes;
    }();
    const auto begin = std::min<std::uint64_t>(offset, content.size());
    return std::string_view(content).substr(begin, length);
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
    /// As it is when the sender comes.
    void set_up() const {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(root() / "folder");
        std::filesystem::create_directory(outside());
        write(outside() / "secret", before);
        write(root() / "old", before);
        std::filesystem::create_symlink("../outside", root() / "out");
        std::filesystem::create_symlink("../outside/secret", root() / "secret");
    }
    std::filesystem::path root() const { return path / "root"; }
    std::filesystem::path outside() const { return path / "outside"; }

    std::filesystem::path path;
};

/// What the sender has said, as its words go: whose bodies have been vouched for?
class Said {
public:
    explicit Said(bool makes_up) : makes_up_(makes_up) {}

    /// Gives a SUM that asks for it its digest; remembers the rest.
    std::string hear(std::string line) {
        constexpr std::string_view asks = " sha256=";
        const bool repair = line.starts_with("SUM ") && line.ends_with(asks);
        if (repair) line += std::string(64, '0');
        const auto parsed = wire::parse_copy_request(sealed(line));
        if (!parsed || parsed->verdict != wire::Verdict::complete) return line;
        if (const auto* data = std::get_if<wire::CopyData>(&parsed->message)) {
            n_ = data->n;
            std::string& body = bodies_[n_];
            // Beyond the receiver's limits it does not matter.
            if (data->offset > largest) return line;
            if (data->offset == 0) body.clear();
            const bool resumes = makes_up_ && body.empty() && data->offset % journal_step == 0;
            if (resumes) body = made_up(0, data->offset);
            if (data->offset > body.size()) body.resize(data->offset);
        }
        const auto* sum = std::get_if<wire::CopySum>(&parsed->message);
        if (sum == nullptr || !repair) return line;
        std::string& body = bodies_[sum->n];
        if (sum->size > body.size() && sum->size <= largest) body.resize(sum->size);
        Digest digest(DigestKind::sha256);
        digest.update(as_bytes(body));
        return line.substr(0, line.size() - 64) + digest.hex();
    }
    void hear_bytes(std::string_view bytes) {
        std::string& body = bodies_[n_];
        if (body.size() < largest) body += bytes;
    }
    /// Every digest in a SUM, whoever made it.
    void vouch(std::string_view line) {
        const auto parsed = wire::parse_copy_request(line);
        if (!parsed || parsed->verdict != wire::Verdict::complete) return;
        const auto* sum = std::get_if<wire::CopySum>(&parsed->message);
        if (sum == nullptr) return;
        for (const auto& [kind, hex] : sum->digests) vouched_.insert(hex);
    }
    void connect() {
        bodies_.clear();  // numbers begin anew; what was kept of one is known by its name
    }
    bool vouched(const std::string& content) const {
        Digest digest(DigestKind::sha256);
        digest.update(as_bytes(content));
        return vouched_.contains(digest.hex());
    }
    static std::string sealed(const std::string& line) {
        const wire::CopyCheck check = wire::copy_check(line);
        return line + std::string(check.data(), check.size()) + "\n";
    }

private:
    const bool makes_up_;
    std::map<std::uint64_t, std::string> bodies_;  // by n
    std::set<std::string> vouched_;
    std::uint64_t n_ = 0;
};

/// One connection after the other, on the same folder.
class Conversation {
public:
    Conversation(const Place& place, unsigned mode)
        : place_(place), quota_(2 * largest, 0), piece_((mode & 8) != 0 ? 7 : 65536) {
        rules_.overwrite = static_cast<Overwrite>(mode & 3);
        rules_.max_size = largest;
        if ((mode & 4) != 0) rules_.quota = &quota_;
        if ((mode & 128) != 0) {
            rules_.flat = true;
            rules_.digests = {DigestKind::md5, DigestKind::sha256};
            rules_.say_digests = true;
            rules_.same_bytes_once = true;
        }
        connect();
    }
    void connect() {
        receiver_.reset();
        pending_.clear();
        auto tree = Tree::open(place_.root());
        require(tree.has_value());
        receiver_.emplace(std::move(*tree), rules_, std::vector{DigestKind::sha256}, "peer");
    }
    /// False: the receiver has closed the connection.
    bool say(std::string_view bytes) {
        while (!bytes.empty()) {
            pending_ += bytes.substr(0, piece_);
            bytes.remove_prefix(std::min(piece_, bytes.size()));
            if (!take()) return false;
        }
        return true;
    }
    void end() {
        receiver_->commit();
        receiver_.reset();
    }

private:
    bool take() {
        for (;;) {
            for (int i = 0; receiver_->busy(); ++i) {
                require(i < 10'000);
                require(receiver_->work().has_value());
            }
            std::byte buffer[4096];
            while (const std::size_t made = receiver_->produce(buffer).value()) {
                require(made <= sizeof buffer);
            }
            if (receiver_->busy()) continue;
            if (receiver_->finished()) return false;
            const fuzz::Exact exact(pending_);
            const auto taken = receiver_->consume(as_bytes(exact.view()));
            if (!taken) {
                fuzz::check_error(taken.error());
                return false;
            }
            require(*taken <= pending_.size());
            pending_.erase(0, *taken);
            // It may only wait for the rest of a line.
            require(*taken > 0 || receiver_->busy() || pending_.size() < wire::copy_line_limit);
            if (*taken == 0 && !receiver_->busy()) return true;
        }
    }

    const Place& place_;
    Quota quota_;
    ReceiveRules rules_;
    const std::size_t piece_;
    std::optional<CopyReceiver> receiver_;
    std::string pending_;
};

void check_folder(const Place& place, const Said& said, unsigned mode) {
    namespace fs = std::filesystem;
    require(read(place.outside() / "secret") == before);
    require(std::distance(fs::directory_iterator(place.outside()), {}) == 1);
    require(std::distance(fs::directory_iterator(place.path), {}) == 2);
    const bool replaces = static_cast<Overwrite>(mode & 3) == Overwrite::always ||
                          static_cast<Overwrite>(mode & 3) == Overwrite::newer;
    if (!replaces) require(read(place.root() / "old") == before);
    const auto folder = [](const fs::directory_entry& entry) {
        return fs::is_directory(entry.symlink_status());
    };
    if ((mode & 128) != 0) {
        require(std::count_if(fs::recursive_directory_iterator(place.root()), {}, folder) == 1);
    }
    // No peer may be able to make the program that walks it follow its links.
    for (const auto& entry : fs::recursive_directory_iterator(place.root())) {
        if (!fs::is_regular_file(entry.symlink_status())) continue;
        if (entry.path().filename().string().find(".netcopy-") != std::string::npos) continue;
        const std::string content = read(entry.path());
        require(content == before || said.vouched(content));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    static const Place place;
    const unsigned mode = data[0];
    std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    place.set_up();
    const bool makes_up = (mode & 32) != 0;
    Said said(makes_up);
    Conversation conversation(place, mode);
    std::size_t made = 0;
    for (bool open = true;;) {
        const std::size_t end = input.find('\n');
        if (end == std::string_view::npos) break;
        std::string line(input.substr(0, end));
        input.remove_prefix(end + 1);
        if (line == "CONNECT") {
            conversation.connect();
            said.connect();
            open = true;
            continue;
        }
        if (!open) continue;
        line = (mode & 16) != 0 ? line + "\n" : Said::sealed(said.hear(line));
        said.vouch(line);
        open = conversation.say(line);
        const auto parsed = wire::parse_copy_request(line);
        if (!parsed || parsed->verdict != wire::Verdict::complete) continue;
        if (const auto* body = std::get_if<wire::CopyData>(&parsed->message)) {
            std::string_view bytes;
            if (!makes_up) {
                bytes = input.substr(0, std::min<std::uint64_t>(body->length, input.size()));
                input.remove_prefix(bytes.size());
            } else if (made < 4 * largest) {
                bytes = made_up(body->offset, body->length);
                made += bytes.size();
            }
            said.hear_bytes(bytes);
            open = open && conversation.say(bytes);
        }
    }
    conversation.end();
    check_folder(place, said, mode);
    return 0;
}
