#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "test/unit/results.hpp"
#include "test/unit/wire/feed.hpp"
#include "wire/copy.hpp"
#include "wire/registry.hpp"

/// Lines of netcopy/1 for its tests: parsed in heap blocks of exactly their size, and fed in pieces
/// as a connection brings them.
namespace netcopy::test {

/// The line with its check, which here is computed bit by bit, as RFC 3720 defines it.
inline std::string sealed(std::string_view line) {
    const bool ends = line.ends_with('\n');
    if (ends) line.remove_suffix(1);
    std::uint32_t crc = UINT32_MAX;
    for (const char c : line) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    }
    std::array<std::byte, 4> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(~crc >> (24 - 8 * i));
    }
    return std::string(line) + " " + to_hex(bytes) + (ends ? "\n" : "");
}

/// Only the openings have no check.
template <class Message>
std::string with_check(std::string_view line) {
    const bool opening = std::is_same_v<Message, wire::CopyOpening> ||
                         std::is_same_v<Message, wire::CopyOpeningAnswer>;
    return opening ? std::string(line) : sealed(line);
}

using wire::line_of;

template <class... Messages>
std::string line_of(const std::variant<Messages...>& message) {
    return std::visit([](const auto& one) { return line_of(one); }, message);
}

/// The parsers under one name, by what they make.
inline auto parse_as(std::string_view bytes, const wire::CopyRequest*) {
    return wire::parse_copy_request(bytes);
}
inline auto parse_as(std::string_view bytes, const wire::CopyAnswer*) {
    return wire::parse_copy_answer(bytes);
}
inline auto parse_as(std::string_view bytes, const wire::CopyListing*) {
    return wire::parse_copy_listing(bytes);
}
inline auto parse_as(std::string_view bytes, const wire::RegistryNews*) {
    return wire::parse_registry_news(bytes);
}
inline auto parse_as(std::string_view bytes, const wire::RegistryAnswer*) {
    return wire::parse_registry_answer(bytes);
}
inline auto parse_as(std::string_view bytes, const wire::CatalogueAsked*) {
    return wire::parse_catalogue_asked(bytes);
}
inline auto parse_as(std::string_view bytes, const wire::CatalogueLine*) {
    return wire::parse_catalogue_line(bytes);
}
inline auto parse_as(std::string_view bytes, const wire::CopyOpening*) {
    return wire::parse_copy_opening(bytes);
}
inline auto parse_as(std::string_view bytes, const wire::CopyOpeningAnswer*) {
    return wire::parse_copy_opening_answer(bytes);
}

template <class Message>
Result<wire::Parsed<Message>> parse(std::string_view bytes) {
    Result<wire::Parsed<Message>> result = wire::Parsed<Message>{};
    parse_exact(
        bytes,
        [](std::string_view exact) {
            return parse_as(exact, static_cast<const Message*>(nullptr));
        },
        [&](const Result<wire::Parsed<Message>>& parsed) { result = parsed; });
    return result;
}

/// What a whole line says.
template <class Message>
Message message_of(std::string_view line) {
    const auto parsed = parse<Message>(line);
    INFO(escape(line));
    REQUIRE(parsed);
    REQUIRE(parsed->verdict == wire::Verdict::complete);
    CHECK(parsed->used == line.size());
    CHECK(parsed->skipped == 0);
    return parsed->message;
}

/// What a line says that still has to get its check.
template <class Message>
Message read(std::string_view line) {
    return message_of<Message>(with_check<Message>(line));
}

template <class Message>
bool needs_more(std::string_view bytes) {
    const auto parsed = parse<Message>(bytes);
    return parsed && parsed->verdict == wire::Verdict::need_more && parsed->used == 0;
}

inline bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
}

/// Errc::protocol, in words that are short and safe to show.
template <class Message>
bool is_refused(std::string_view bytes) {
    const auto parsed = parse<Message>(bytes);
    if (parsed) return false;
    CHECK(parsed.error() == Errc::protocol);
    CHECK(is_printable(parsed.error().context));
    CHECK(parsed.error().context.size() > 10);
    CHECK(parsed.error().context.size() < 400);
    return true;
}

/// With its check, which is right, the line is refused whole, and however it is cut: what it is cut
/// into says nothing else before.
template <class Message>
void check_refused(std::string_view grammar) {
    const std::string whole = with_check<Message>(grammar);
    const std::string_view line = whole;
    INFO(escape(line));
    CHECK(is_refused<Message>(line));
    CHECK(is_refused<Message>(whole + sealed("BUSY\n")));
    CHECK(parse<Message>(line).error().context.find("check") == std::string::npos);
    for (std::size_t size = 0; size < line.size(); ++size) {
        const auto parsed = parse<Message>(line.substr(0, size));
        CHECK((!parsed || parsed->verdict == wire::Verdict::need_more));
    }
}

/// One side of a conversation as it comes in pieces: its lines, written anew, and its bodies.
template <class Message>
class CopyFeeder {
public:
    void piece(std::string_view bytes) {
        waiting_ += bytes;
        while (error_.empty() && (body_ != 0 ? take_body() : take_line())) {
        }
    }

    const std::vector<std::string>& taken() const { return taken_; }
    const std::vector<Message>& messages() const { return messages_; }
    const std::string& error() const { return error_; }
    const std::string& left() const { return waiting_; }

private:
    bool take_body() {
        const std::size_t count = std::min<std::size_t>(body_, waiting_.size());
        taken_.back() += waiting_.substr(0, count);
        waiting_.erase(0, count);
        body_ -= count;
        return count != 0;
    }

    bool take_line() {
        if (waiting_.empty()) return false;
        const auto parsed = parse<Message>(waiting_);
        if (!parsed) error_ = parsed.error().context;
        if (!parsed || parsed->verdict != wire::Verdict::complete) return false;
        messages_.push_back(parsed->message);
        taken_.push_back(line_of(parsed->message));
        if constexpr (std::is_same_v<Message, wire::CopyRequest>) {
            if (const auto* data = std::get_if<wire::CopyData>(&parsed->message)) {
                body_ = data->length;
            }
        }
        waiting_.erase(0, parsed->used);
        return true;
    }

    std::string waiting_;
    std::vector<std::string> taken_;  // a line, and with DATA its body
    std::vector<Message> messages_;
    std::string error_;
    std::uint64_t body_ = 0;  // bytes still to come
};

template <class Message>
std::vector<std::string> feed_copy(const std::vector<std::string_view>& pieces) {
    CopyFeeder<Message> feeder;
    for (const std::string_view piece : pieces) feeder.piece(piece);
    CHECK(feeder.error() == "");
    CHECK(feeder.left() == "");
    return feeder.taken();
}

/// Lines and bodies come out the same when they come at once, byte by byte, and cut in two
/// anywhere.
template <class Message>
void check_every_cut(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) all += line;
    CHECK(feed_copy<Message>({all}) == lines);
    CopyFeeder<Message> bytes;
    for (const char c : all) bytes.piece(std::string_view(&c, 1));
    CHECK(bytes.taken() == lines);
    for (std::size_t cut = 1; cut < all.size(); ++cut) {
        INFO("cut at " << cut);
        const std::string_view view = all;
        CHECK(feed_copy<Message>({view.substr(0, cut), view.substr(cut)}) == lines);
    }
}

/// Lines, and what each of them says.
template <class Message>
using LineTable = std::vector<std::pair<std::string, Message>>;

template <class Message>
LineTable<Message> sealed_lines(LineTable<Message> lines) {
    for (auto& [line, message] : lines) line = sealed(line);
    return lines;
}

/// What holds for every line of a grammar.
template <class Message>
void check_lines(const LineTable<Message>& table) {
    for (const auto& [line, message] : table) {
        INFO(line);
        CHECK(message_of<Message>(line) == message);
        CHECK(line_of(message) == line);
    }
}

template <class Message>
void check_beginnings(const LineTable<Message>& table) {
    for (const auto& [line, message] : table) {
        for (std::size_t size = 0; size < line.size(); ++size) {
            INFO(line.substr(0, size));
            CHECK(needs_more<Message>(line.substr(0, size)));
        }
    }
}

template <class Message>
void check_rests(const LineTable<Message>& table) {
    for (const auto& [line, message] : table) {
        for (const char* behind : {"x", "\n", "\xff", "PUT 1", "DONE 1", " ", "SYNC\n"}) {
            const auto parsed = parse<Message>(line + behind);
            REQUIRE(parsed);
            CHECK(parsed->used == line.size());
            CHECK(parsed->message == message);
        }
    }
}

template <class Message>
void check_every_cut(const LineTable<Message>& table) {
    std::vector<std::string> lines;
    for (const auto& [line, message] : table) lines.push_back(line);
    check_every_cut<Message>(lines);
}

}  // namespace netcopy::test
