#include "wire/copy.hpp"

#include <algorithm>

#include "wire/copy_fields.hpp"

namespace netcopy::wire {
namespace {

constexpr std::uint64_t file_end = std::uint64_t{1} << 63;  // no file reaches there

/// The rest of the line is flags: calls `take` with each that has no value. What is not known is
/// passed over.
template <class Take>
void take_flags(CopyLine& line, Take take) {
    while (line.more() && !line.problem()) {
        const CopyLine::Option flag = line.option();
        if (!flag.value) take(flag.name);
    }
}

void ignore_flags(CopyLine& line) {
    take_flags(line, [](std::string_view) {});
}

CopyRequest parse_put(CopyLine& line) {
    CopyPut put;
    put.n = line.request();
    put.size = line.size_or_pipe();
    put.mode = line.mode();
    put.mtime = line.time();
    put.name = line.name();
    take_flags(line, [&](std::string_view flag) {
        if (flag == "sparse") put.sparse = true;
        if (flag == "compare") put.compare = true;
        if (flag == "bare") put.bare = true;
        if (flag == "ask") put.ask = true;
    });
    return put;
}

CopyRequest parse_folder(CopyLine& line) {
    CopyFolder folder;
    folder.n = line.request();
    folder.mode = line.mode();
    folder.mtime = line.time();
    folder.name = line.name();
    take_flags(line, [&](std::string_view flag) {
        if (flag == "bare") folder.bare = true;
    });
    return folder;
}

CopyRequest parse_link(CopyLine& line) {
    CopyLink link;
    link.n = line.request();
    link.mtime = line.time();
    link.name = line.name();
    link.target = line.name();
    ignore_flags(line);
    return link;
}

CopyRequest parse_data(CopyLine& line) {
    CopyData data;
    data.n = line.request();
    data.offset = line.number("the offset is no number below 2^63");
    data.length = line.number("the length is no number below 2^63");
    if (data.offset + data.length >= file_end) line.fail("the bytes would end beyond 2^63");
    return data;
}

/// The rest of the line is digests. What kinds are not known is passed over.
std::vector<CopyDigest> parse_digests(CopyLine& line) {
    std::vector<CopyDigest> digests;
    do {
        const CopyLine::Digest digest = line.digest();
        if (!digest.known) continue;
        if (std::ranges::find(digests, digest.kind, &CopyDigest::first) != digests.end()) {
            line.fail("a digest is said twice");
        }
        digests.emplace_back(digest.kind, digest.hex);
    } while (line.more() && !line.problem());
    return digests;
}

CopyRequest parse_sum(CopyLine& line) {
    CopySum sum;
    sum.n = line.request();
    sum.size = line.number("the size is no number below 2^63");
    sum.digests = parse_digests(line);
    if (sum.digests.empty()) line.fail("no digest is of a known kind");
    return sum;
}

/// DROP and NO, whose code and text are the same.
template <class Message>
Message parse_refusal(CopyLine& line, std::uint64_t n) {
    Message message;
    message.n = n;
    message.code = line.word("the code is no word");
    message.text = line.text();
    return message;
}

CopyRequest parse_drop(CopyLine& line) {
    const std::uint64_t n = line.request();
    return parse_refusal<CopyDrop>(line, n);
}

CopyAnswer parse_no(CopyLine& line) {
    const std::uint64_t n = line.number("the request has no proper number");
    return parse_refusal<CopyNo>(line, n);
}

CopyAnswer parse_kept(CopyLine& line) {
    CopyKept kept;
    kept.n = line.request();
    kept.offset = line.number("the offset is no number below 2^63");
    if (kept.offset == 0) line.fail("nothing is not kept");
    return kept;
}

CopyAnswer parse_want(CopyLine& line) {
    CopyWant want;
    want.n = line.request();
    want.offset = line.number("the offset is no number below 2^63");
    if (want.offset != 0) want.crc64 = line.crc64();
    return want;
}

CopyAnswer parse_have(CopyLine& line) {
    CopyHave have;
    have.n = line.request();
    const CopyLine::Digest digest = line.digest();
    if (!digest.known) line.fail("the digest is of no known kind");
    have.digest.first = digest.kind;
    have.digest.second = digest.hex;
    return have;
}

CopyRequest parse_lack(CopyLine& line) {
    CopyLack lack;
    lack.name = line.name();
    lack.code = line.word("the code is no word");
    lack.text = line.text();
    return lack;
}

CopyAnswer parse_done(CopyLine& line) {
    CopyDone done;
    done.n = line.request();
    if (line.more()) done.name = line.name();
    if (line.more()) done.digests = parse_digests(line);
    return done;
}

CopyAnswer parse_get(CopyLine& line) {
    CopyGet get;
    get.name = line.name();
    while (line.more() && !line.problem()) {
        const auto [name, value] = line.option();
        if (name != "id") continue;
        if (!get.id.empty()) line.fail("an option is there twice");
        get.id = value.value_or("");
        if (!is_copy_digest("md5", get.id)) line.fail("id= is not 32 hex digits");
    }
    return get;
}

}  // namespace

CopyFile parse_copy_file(CopyLine& line) {
    CopyFile file;
    file.size = line.number("the size is no number below 2^63");
    file.mtime = line.time();
    file.name = line.name();
    do {
        const CopyLine::Digest digest = line.digest();
        std::string* const known = digest.kind == "md5"      ? &file.md5
                                   : digest.kind == "sha256" ? &file.sha256
                                                             : nullptr;
        if (!known) continue;
        if (!known->empty()) line.fail("a digest is said twice");
        *known = digest.hex;
    } while (line.more() && !line.problem());
    if (file.md5.empty()) line.fail("the file has no md5");
    return file;
}

CopyListed parse_copy_listed(CopyLine& line) {
    CopyListed listed;
    listed.files = line.number("the count is no number below 2^63");
    ignore_flags(line);
    return listed;
}

namespace {

CopyListing parse_file(CopyLine& line) { return parse_copy_file(line); }
CopyListing parse_listed(CopyLine& line) { return parse_copy_listed(line); }

/// A line that says nothing but the number of a request.
template <class Message, class Any>
Any parse_numbered(CopyLine& line) {
    Message message;
    message.n = line.request();
    return message;
}

CopyAnswer parse_same(CopyLine& line) {
    CopySame same;
    same.n = line.request();
    if (line.more()) same.name = line.name();
    return same;
}

// The frequent ones first: they are searched in this order.
constexpr CopyVerb<CopyRequest> request_verbs[] = {
    {"PUT", parse_put},
    {"DATA", parse_data},
    {"SUM", parse_sum},
    {"DIR", parse_folder},
    {"SYNC", parse_copy_bare<CopySync, CopyRequest>},
    {"LINK", parse_link},
    {"KEEP", parse_numbered<CopyKeep, CopyRequest>},
    {"OTHER", parse_numbered<CopyOther, CopyRequest>},
    {"DROP", parse_drop},
    {"BUSY", parse_copy_bare<CopyBusy, CopyRequest>},
    {"LACK", parse_lack},
    {"END", parse_copy_bare<CopyEnd, CopyRequest>},
};
constexpr CopyVerb<CopyAnswer> answer_verbs[] = {
    {"WANT", parse_want},
    {"SAME", parse_same},
    {"DONE", parse_done},
    {"GET", parse_get},
    {"HAVE", parse_have},
    {"KEPT", parse_kept},
    {"NO", parse_no},
    {"BUSY", parse_copy_bare<CopyBusy, CopyAnswer>},
    {"STOP", parse_copy_bare<CopyStop, CopyAnswer>},
    {"LAST", parse_copy_bare<CopyLast, CopyAnswer>},
    {"BYE", parse_copy_bare<CopyBye, CopyAnswer>},
};
constexpr CopyVerb<CopyListing> listing_verbs[] = {
    {"FILE", parse_file},
    {"BUSY", parse_copy_bare<CopyBusy, CopyListing>},
    {"END", parse_listed},
};

}  // namespace

Result<Parsed<CopyRequest>> parse_copy_request(std::string_view bytes) {
    return parse_copy_line<CopyRequest>(
        bytes, copy_line_limit, CopyCheckRule::last_field,
        [](CopyLine& line) { return parse_copy_verb(line, request_verbs); });
}

Result<Parsed<CopyAnswer>> parse_copy_answer(std::string_view bytes) {
    return parse_copy_line<CopyAnswer>(
        bytes, copy_line_limit, CopyCheckRule::last_field,
        [](CopyLine& line) { return parse_copy_verb(line, answer_verbs); });
}

Result<Parsed<CopyListing>> parse_copy_listing(std::string_view bytes) {
    return parse_copy_line<CopyListing>(
        bytes, copy_line_limit, CopyCheckRule::last_field,
        [](CopyLine& line) { return parse_copy_verb(line, listing_verbs); });
}

}  // namespace netcopy::wire
