#include <charconv>
#include <limits>

#include "wire/copy.hpp"
#include "wire/copy_check.hpp"

// The lines of netcopy/1, written.

namespace netcopy::wire {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr std::uint32_t second = 1'000'000'000;  // nanoseconds
// Bytes of a text, so that its line keeps the limit even if each has to be escaped.
constexpr std::size_t text_limit = 4096;
constexpr std::size_t opening_text_limit = 200;

/// Appends a line field by field.
class LineWriter {
public:
    LineWriter(std::string& out, std::string_view front) : out_(out), begin_(out.size()) {
        out_ += front;
    }

    LineWriter& field(std::string_view plain) {
        out_ += ' ';
        out_ += plain;
        return *this;
    }

    LineWriter& number(std::uint64_t value) {
        out_ += ' ';
        digits(value);
        return *this;
    }

    LineWriter& mode(std::uint32_t value) {
        out_ += ' ';
        digits(value & 07777, 8);
        return *this;
    }

    LineWriter& time(FileTime time);

    LineWriter& escaped(std::string_view text) {
        out_ += ' ';
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte > ' ' && byte != '\\' && byte != 0x7f) {
                out_ += c;
            } else {
                const char escape[] = {'\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15]};
                out_.append(escape, sizeof escape);
            }
        }
        return *this;
    }

    /// A code, and a text for people, which must not be empty on the wire.
    LineWriter& reason(std::string_view code, std::string_view text, std::size_t limit) {
        return field(code).escaped(text.empty() ? code : text.substr(0, limit));
    }

    LineWriter& option(std::string_view name, std::string_view value) {
        field(name);
        out_ += '=';
        out_ += value;
        return *this;
    }

    LineWriter& option(std::string_view name, std::uint64_t value) {
        option(name, "");
        digits(value);
        return *this;
    }

    LineWriter& crc64(std::uint64_t value) {
        option("crc64", "");
        for (int shift = 60; shift >= 0; shift -= 4) out_ += hex_digits[value >> shift & 15];
        return *this;
    }

    LineWriter& digests(const std::vector<CopyDigest>& digests) {
        for (const auto& [kind, hex] : digests) option(kind, hex);
        return *this;
    }

    LineWriter& flag(std::string_view word, bool set) { return set ? field(word) : *this; }

    void end() {
        const CopyCheck check = copy_check(std::string_view(out_).substr(begin_));
        out_.append(check.data(), check.size());
        out_ += '\n';
    }
    void end_opening() { out_ += '\n'; }

private:
    void digits(std::uint64_t value, int base = 10) {
        char text[24];
        out_.append(text, std::to_chars(text, text + sizeof text, value, base).ptr);
    }

    std::string& out_;
    std::size_t begin_;  // of the line
};

LineWriter& LineWriter::time(FileTime time) {
    // What has no name on the wire: half an eternity ago. The nearest that has.
    constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
    if (time == FileTime{earliest, 0}) time.nanoseconds = 1;

    out_ += ' ';
    if (time.seconds < 0) {
        out_ += '-';
        if (time.nanoseconds != 0) time = {time.seconds + 1, second - time.nanoseconds};
        time.seconds = -time.seconds;
    }
    digits(static_cast<std::uint64_t>(time.seconds));
    out_ += '.';
    char text[9];
    for (std::size_t i = sizeof text; i-- > 0; time.nanoseconds /= 10) {
        text[i] = static_cast<char>('0' + time.nanoseconds % 10);
    }
    out_.append(text, sizeof text);
    return *this;
}

}  // namespace

void append(std::string& out, const CopyOpening& message) {
    LineWriter line(out, "NETCOPY/1");
    line.field(message.purpose);
    if (!message.session.empty()) line.option("session", message.session);
    std::string digests;
    for (const std::string& digest : message.digests) {
        if (!digests.empty()) digests += ',';
        digests += digest;
    }
    if (!digests.empty()) line.option("digest", digests);
    line.end_opening();
}

void append(std::string& out, const CopyAccepted& message) {
    LineWriter line(out, "NETCOPY/1 ok");
    line.field(message.purpose);
    if (message.purpose != "list") {  // else nothing is requested
        line.option("window", message.window).option("window-bytes", message.window_bytes);
    }
    line.end_opening();
}

void append(std::string& out, const CopyDeclined& message) {
    LineWriter(out, "NETCOPY/1 no")
        .reason(message.code, message.text, opening_text_limit)
        .end_opening();
}

void append(std::string& out, const CopyPut& message) {
    LineWriter line(out, "PUT");
    line.number(message.n);
    message.size ? line.number(*message.size) : line.field("-");
    line.mode(message.mode)
        .time(message.mtime)
        .escaped(message.name)
        .flag("sparse", message.sparse)
        .flag("compare", message.compare)
        .flag("bare", message.bare)
        .flag("ask", message.ask)
        .end();
}

void append(std::string& out, const CopyFolder& message) {
    LineWriter(out, "DIR")
        .number(message.n)
        .mode(message.mode)
        .time(message.mtime)
        .escaped(message.name)
        .flag("bare", message.bare)
        .end();
}

void append(std::string& out, const CopyLink& message) {
    LineWriter(out, "LINK")
        .number(message.n)
        .time(message.mtime)
        .escaped(message.name)
        .escaped(message.target)
        .end();
}

void append(std::string& out, const CopyData& message) {
    LineWriter(out, "DATA").number(message.n).number(message.offset).number(message.length).end();
}

void append(std::string& out, const CopySum& message) {
    LineWriter(out, "SUM").number(message.n).number(message.size).digests(message.digests).end();
}

void append(std::string& out, const CopyDrop& message) {
    LineWriter(out, "DROP").number(message.n).reason(message.code, message.text, text_limit).end();
}

void append(std::string& out, const CopyKeep& message) {
    LineWriter(out, "KEEP").number(message.n).end();
}

void append(std::string& out, const CopyOther& message) {
    LineWriter(out, "OTHER").number(message.n).end();
}

void append(std::string& out, const CopySync&) { LineWriter(out, "SYNC").end(); }
void append(std::string& out, const CopyEnd&) { LineWriter(out, "END").end(); }
void append(std::string& out, const CopyBusy&) { LineWriter(out, "BUSY").end(); }

void append(std::string& out, const CopyKept& message) {
    LineWriter(out, "KEPT").number(message.n).number(message.offset).end();
}

void append(std::string& out, const CopyWant& message) {
    LineWriter line(out, "WANT");
    line.number(message.n).number(message.offset);
    if (message.offset != 0) line.crc64(message.crc64);
    line.end();
}

void append(std::string& out, const CopyHave& message) {
    LineWriter(out, "HAVE")
        .number(message.n)
        .option(message.digest.first, message.digest.second)
        .end();
}

void append(std::string& out, const CopySame& message) {
    LineWriter line(out, "SAME");
    line.number(message.n);
    if (!message.name.empty()) line.escaped(message.name);
    line.end();
}

void append(std::string& out, const CopyDone& message) {
    LineWriter line(out, "DONE");
    line.number(message.n);
    if (!message.name.empty()) line.escaped(message.name).digests(message.digests);
    line.end();
}

void append(std::string& out, const CopyNo& message) {
    LineWriter(out, "NO").number(message.n).reason(message.code, message.text, text_limit).end();
}

void append(std::string& out, const CopyStop&) { LineWriter(out, "STOP").end(); }
void append(std::string& out, const CopyBye&) { LineWriter(out, "BYE").end(); }

void append(std::string& out, const CopyLack& message) {
    LineWriter(out, "LACK")
        .escaped(message.name)
        .reason(message.code, message.text, text_limit)
        .end();
}

void append(std::string& out, const CopyGet& message) {
    LineWriter line(out, "GET");
    line.escaped(message.name);
    if (!message.id.empty()) line.option("id", message.id);
    line.end();
}

void append(std::string& out, const CopyLast&) { LineWriter(out, "LAST").end(); }

void append(std::string& out, const CopyFile& message) {
    LineWriter line(out, "FILE");
    line.number(message.size).time(message.mtime).escaped(message.name).option("md5", message.md5);
    if (!message.sha256.empty()) line.option("sha256", message.sha256);
    line.end();
}

void append(std::string& out, const CopyListed& message) {
    LineWriter(out, "END").number(message.files).end();
}

}  // namespace netcopy::wire
