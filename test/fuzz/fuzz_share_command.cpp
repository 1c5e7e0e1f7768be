// Fuzzes all parsers of the share protocol: what the server hears (command, details, id) and what
// the client hears (list, prompt, last word). Besides not reading beyond their input they must keep
// what wire/share.hpp promises; a broken promise aborts.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "wire/share.hpp"

namespace {

using namespace netcopy;
using wire::Verdict;

void require(bool promise) {
    if (!promise) std::abort();
}

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

bool is_id(std::string_view text) {
    return text.size() == wire::share_id_digits &&
           text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

// What each message is to be like; and itself in words.

std::string look(wire::ShareCommand command, std::string_view) {
    return std::string(wire::encode_share_command(command));
}
std::string look(const wire::ShareDetails& details, std::string_view used) {
    require(inside(details.name, used));
    require(details.size <= wire::share_size_limit || details.size == UINT64_MAX);
    require(details.name.find('\n') == details.name.npos);
    return std::string(details.name) + ";" + std::to_string(details.size);
}
std::string look(std::string_view text, std::string_view used) {
    require(inside(text, used) && !text.empty());
    return std::string(text);
}
std::string look(const wire::ShareLine& line, std::string_view used) {
    using Kind = wire::ShareLine::Kind;
    require(inside(line.id, used) && inside(line.name, used) && inside(line.words, used));
    require(is_id(line.id) == (line.kind == Kind::file));
    require(line.name.find('\n') == line.name.npos);
    if (line.kind == Kind::end) require(line.words == "DONE");
    return std::to_string(static_cast<int>(line.kind)) + " " + std::string(line.id) + ";" +
           std::string(line.name) + ";" + std::to_string(line.number) + " " +
           std::string(line.words);
}
std::string look(const wire::ShareAnswer& answer, std::string_view used) {
    require(inside(answer.md5, used));
    require(answer.md5.empty() || is_id(answer.md5));
    require(!answer.words.empty());
    return std::string(answer.md5);
}

/// What came out, with copies of what it points to.
struct Seen {
    bool error = false;
    Verdict verdict{};
    std::size_t used = 0;
    std::size_t skipped = 0;
    std::string message;
};

template <class Message>
Seen see(const wire::Parsed<Message>& parsed, std::string_view bytes) {
    Seen seen{false, parsed.verdict, parsed.used, parsed.skipped, ""};
    require(parsed.used <= bytes.size() && parsed.skipped <= parsed.used);
    if (parsed.verdict == Verdict::need_more) {
        require(parsed.used == parsed.skipped);
    } else {
        require(parsed.used > parsed.skipped);
        seen.message = look(parsed.message, bytes);
    }
    return seen;
}
template <class Message>
Seen see(const Result<wire::Parsed<Message>>& parsed, std::string_view bytes) {
    if (parsed) return see(*parsed, bytes);
    require(parsed.error() == Errc::protocol && !parsed.error().context.empty());
    Seen seen;
    seen.error = true;
    return seen;
}

template <class Parse>
Seen parse_exact(Parse parse, std::string_view bytes) {
    const Exact copy(bytes);
    return see(parse(copy.view()), copy.view());
}

/// What a beginning is sure of, the whole says too; and what it skips changes nothing.
template <class Parse>
void check(Parse parse, std::string_view input) {
    const Seen whole = parse_exact(parse, input);
    if (!whole.error && whole.verdict == Verdict::need_more) {
        require(input.size() - whole.skipped < wire::share_line_limit);
    }
    const std::size_t step = 1 + input.size() / 32;
    for (std::size_t cut = 0; cut < input.size(); cut += step) {
        const Seen begin = parse_exact(parse, input.substr(0, cut));
        if (begin.error) {
            require(whole.error);
        } else if (begin.verdict == Verdict::complete) {
            require(!whole.error && whole.verdict == Verdict::complete);
            require(begin.used == whole.used && begin.message == whole.message);
        } else {
            const Seen rest = parse_exact(parse, input.substr(begin.skipped));
            require(rest.error == whole.error);
            if (rest.error) continue;
            require(rest.verdict == whole.verdict && rest.message == whole.message);
            require(rest.used + begin.skipped == whole.used);
        }
    }
}

/// As often as a connection would: a message after the other, to the end or an error.
void converse(std::string_view input) {
    for (int turn = 0; !input.empty(); ++turn) {
        Seen seen;
        switch (turn % 3) {
            case 0:
                seen = parse_exact(wire::parse_share_command, input);
                break;
            case 1:
                seen = parse_exact(wire::parse_share_details, input);
                break;
            default:
                seen = parse_exact(wire::parse_share_id, input);
        }
        if (seen.error || seen.verdict == Verdict::need_more) return;
        input.remove_prefix(seen.used);
    }
}

/// What this wire can say, it says so that it is understood.
void check_encoding(std::string_view name) {
    const std::uint64_t size = name.size() * 7919;
    const auto encoded = wire::encode_share_details(name, size);
    require(encoded.has_value() == wire::share_can_say(name));
    if (!encoded || name.size() > 255) return;
    const std::string ended = *encoded + "\n";
    const auto details = wire::parse_share_details(ended);
    require(details && details->message.name == name && details->message.size == size);
    const std::string id = "0123456789abcdefABCDEF0123456789";
    std::string line;
    wire::append_share_line(line, id, name, size);
    line += '\n';
    const auto listed = wire::parse_share_line(line, true);
    require(listed && listed->verdict == Verdict::complete && listed->used == line.size());
    require(listed->message.id == id && listed->message.name == name);
    require(listed->message.number == size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check(wire::parse_share_command, input);
    check(wire::parse_share_details, input);
    check(wire::parse_share_id, input);
    check([](std::string_view bytes) { return wire::parse_share_line(bytes, true); }, input);
    check([](std::string_view bytes) { return wire::parse_share_line(bytes, false); }, input);
    // An answer or a prompt that is cut may be read as another one: only its own promises count.
    parse_exact(wire::parse_share_prompt, input);
    parse_exact(wire::parse_share_answer, input);
    converse(input);
    check_encoding(input);
    return 0;
}
