#include "file/manifest.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.hpp"

namespace netcopy {
namespace {

constexpr std::size_t digest_size = 64;    // hex digits
constexpr std::size_t piece = 256 * 1024;  // bytes read at a time
constexpr std::string_view escaped = "\\\n\r";

Error malformed(std::string reason) { return make_error(Errc::failed, std::move(reason)); }

/// Lower-case hex of what may have been upper case; empty when it is no SHA-256.
std::string read_digest(std::string_view text) {
    std::string digest(text);
    for (char& c : digest) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return {};
    }
    return digest;
}

std::optional<std::string> unescape(std::string_view text) {
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            name += text[i];
            continue;
        }
        if (++i == text.size()) return std::nullopt;
        switch (text[i]) {
            case '\\':
                name += '\\';
                break;
            case 'n':
                name += '\n';
                break;
            case 'r':
                name += '\r';
                break;
            default:
                return std::nullopt;
        }
    }
    return name;
}

}  // namespace

Result<std::optional<ManifestEntry>> parse_manifest_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);  // a list that has been to Windows
    if (line.empty() || line.starts_with('#')) return std::optional<ManifestEntry>();
    const bool has_escapes = line.starts_with('\\');
    if (has_escapes) line.remove_prefix(1);

    ManifestEntry entry;
    entry.sha256 = read_digest(line.substr(0, digest_size));
    if (entry.sha256.size() != digest_size) return malformed("it does not begin with a SHA-256");
    line.remove_prefix(digest_size);
    if (!line.starts_with("  ") && !line.starts_with(" *")) {
        return malformed("two spaces, or a space and '*', belong behind the digest");
    }
    line.remove_prefix(2);
    if (line.empty()) return malformed("the name is missing");
    if (line.find('\0') != std::string_view::npos) return malformed("the name has a NUL in it");
    auto name = has_escapes ? unescape(line) : std::string(line);
    if (!name) return malformed("the name has an unknown escape in it");
    entry.name = std::move(*name);
    return std::optional(std::move(entry));
}

std::string manifest_line(const ManifestEntry& entry) {
    std::string line = entry.sha256 + "  ";
    if (entry.name.find_first_of(escaped) == std::string::npos) return line + entry.name + "\n";
    for (const char c : entry.name) {
        if (c == '\\') line += "\\\\";
        if (c == '\n') line += "\\n";
        if (c == '\r') line += "\\r";
        if (escaped.find(c) == std::string_view::npos) line += c;
    }
    return "\\" + line + "\n";
}

Result<ManifestReader> ManifestReader::open(const std::filesystem::path& path) {
    auto source = FileSource::open(path);
    struct stat status {};
    if (!source && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        return make_error(Errc::local_file, "cannot read " + quote(path.string()), EISDIR);
    }
    if (!source) return source.error();
    return ManifestReader(std::move(*source));
}

Result<> ManifestReader::take_line(std::string_view line, std::vector<ManifestEntry>& entries) {
    ++lines_;
    auto entry =
        line.size() > longest_line ? malformed("it is too long") : parse_manifest_line(line);
    if (!entry) {
        return make_error(Errc::failed, quote(name()) + " is no list of sha256sum: line " +
                                            std::to_string(lines_) + ": " + entry.error().context);
    }
    if (*entry) entries.push_back(std::move(**entry));
    return {};
}

Result<bool> ManifestReader::read_some(std::vector<ManifestEntry>& entries) {
    const std::size_t kept = rest_.size();
    rest_.resize(kept + piece);
    const MutableBytes room = std::as_writable_bytes(std::span(rest_)).subspan(kept);
    const auto got = source_.read_at(offset_, room);
    if (!got) return got.error();
    offset_ += *got;
    rest_.resize(kept + *got);

    std::string_view text = rest_;
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        if (auto taken = take_line(text.substr(0, end), entries); !taken) return taken.error();
        text.remove_prefix(end + 1);
    }
    const bool more = *got != 0;
    if (text.size() > longest_line || (!more && !text.empty())) {
        if (auto taken = take_line(text, entries); !taken) return taken.error();
        text = {};
    }
    rest_.erase(0, rest_.size() - text.size());
    return more;
}

Result<ManifestWriter> ManifestWriter::create(const std::filesystem::path& path) {
    auto sink = FileSink::create(path);
    if (!sink) return sink.error();
    return ManifestWriter(std::move(*sink));
}

void ManifestWriter::add(const ManifestEntry& entry) {
    waiting_ += manifest_line(entry);
    if (waiting_.size() >= piece) flush();
}

void ManifestWriter::flush() {
    if (outcome_) outcome_ = sink_.write_at(offset_, as_bytes(waiting_));
    offset_ += waiting_.size();
    waiting_.clear();
}

Result<> ManifestWriter::commit() {
    flush();
    return outcome_ ? sink_.commit() : outcome_;
}

Result<std::optional<FileSource>> open_listed(const std::filesystem::path& folder,
                                              const ManifestEntry& entry) {
    const std::filesystem::path path = folder / entry.name;
    auto source = FileSource::open(path);
    if (source && source->size()) return std::optional(std::move(*source));
    struct stat status {};
    const bool missing =
        ::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
    if (missing) return std::optional<FileSource>();
    const std::string what = "cannot read " + quote(path.string());
    if (source || S_ISDIR(status.st_mode)) {
        return make_error(Errc::local_file, what + ": it is no regular file");
    }
    return source.error();
}

}  // namespace netcopy
