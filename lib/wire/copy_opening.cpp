#include <algorithm>

#include "base/bytes.hpp"
#include "wire/copy.hpp"
#include "wire/copy_line.hpp"

// The first lines of both sides of netcopy/1, where each finds out whom it talks to.

namespace netcopy::wire {
namespace {

constexpr std::string_view accepted_front = "NETCOPY/1 ok ";
constexpr std::string_view declined_front = "NETCOPY/1 no ";
constexpr std::size_t session_digits = 32;
constexpr std::string_view purposes[] = {"put", "get", "list", "register", "catalogue"};

/// True when `bytes` begins so, or could with more.
bool may_begin(std::string_view bytes, std::string_view front) {
    return bytes.substr(0, front.size()) == front.substr(0, bytes.size());
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte == 0x7f;
}

void take_digests(CopyLine& line, std::string_view list, std::vector<std::string>& digests) {
    if (!digests.empty()) line.fail("an option is there twice");
    for (;;) {
        const std::size_t comma = list.find(',');
        const std::string_view name = list.substr(0, comma);
        if (!is_copy_word(name)) line.fail("digest= is no list of words");
        digests.emplace_back(name);
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

CopyOpening parse_opening(CopyLine& line) {
    CopyOpening opening;
    line.field();  // NETCOPY/1, as has been seen
    opening.purpose = line.word("the purpose is no word");
    while (line.more() && !line.problem()) {
        const auto [name, value] = line.option();
        if (name == "session") {
            if (!opening.session.empty()) line.fail("an option is there twice");
            opening.session = value.value_or("");
            if (opening.session.size() != session_digits || !is_lower_hex(opening.session)) {
                line.fail("session= is not 32 hex digits");
            }
        } else if (name == "digest") {
            take_digests(line, value.value_or(""), opening.digests);
        }
    }
    return opening;
}

CopyAccepted parse_accepted(CopyLine& line) {
    CopyAccepted accepted;
    bool told = false;  // what is served
    do {
        const auto [name, value] = line.option();
        if (!told && !value && std::ranges::find(purposes, name) != std::end(purposes)) {
            accepted.purpose = name;
            told = true;
        }
        if (name != "window" && name != "window-bytes") continue;
        const auto number = parse_copy_number(value.value_or(""));
        if (!number || *number == 0) line.fail("a window is no number from 1");
        (name == "window" ? accepted.window : accepted.window_bytes) = number.value_or(1);
    } while (line.more() && !line.problem());
    if (accepted.purpose == "put" || accepted.purpose == "get") return accepted;
    CopyAccepted plain;  // nothing is requested
    plain.purpose = accepted.purpose;
    return plain;
}

CopyDeclined parse_declined(CopyLine& line) {
    CopyDeclined declined;
    declined.code = line.word("the code is no word");
    declined.text = line.text();
    return declined;
}

CopyOpeningAnswer parse_opening_answer(CopyLine& line) {
    line.field();  // NETCOPY/1
    if (line.field() == "ok") return parse_accepted(line);
    return parse_declined(line);
}

}  // namespace

Result<Parsed<CopyOpening>> parse_copy_opening(std::string_view bytes) {
    if (!may_begin(bytes, copy_family)) return bad_copy_line("this does not open netcopy/1", bytes);
    const auto length = copy_line_length(bytes, copy_opening_limit);
    if (length && *length != 0 && !bytes.starts_with(copy_magic)) {
        const std::string_view line = bytes.substr(0, *length - 1);
        const std::string_view version = line.substr(copy_family.size());
        if (parse_copy_number(version.substr(0, version.find(' '))).value_or(1) == 1) {
            return bad_copy_line("this does not open netcopy/1", line);
        }
        return make_error(Errc::refused,
                          "netcopy/1 is spoken here, not '" + escape(line, 20) + "'");
    }
    return parse_copy_line<CopyOpening>(bytes, copy_opening_limit, CopyCheckRule::none,
                                        parse_opening);
}

Result<Parsed<CopyOpeningAnswer>> parse_copy_opening_answer(std::string_view bytes) {
    const std::string_view front = bytes.substr(0, copy_opening_limit);
    const std::string_view line = front.substr(0, front.find('\n'));
    if ((!may_begin(bytes, accepted_front) && !may_begin(bytes, declined_front)) ||
        std::ranges::any_of(line, is_control)) {
        return bad_copy_line("this is no netcopy/1 answer", line);
    }
    return parse_copy_line<CopyOpeningAnswer>(bytes, copy_opening_limit, CopyCheckRule::none,
                                              parse_opening_answer);
}

}  // namespace netcopy::wire
