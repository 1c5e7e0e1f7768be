#include "wire/copy.hpp"
#include "wire/copy_line_writer.hpp"

// The lines of netcopy/1, written.

namespace netcopy::wire {
namespace {

constexpr std::size_t text_limit = copy_text_limit;
constexpr std::size_t opening_text_limit = 200;
using LineWriter = CopyLineWriter;

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
    if (message.purpose == "put" || message.purpose == "get") {  // else nothing is requested
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
