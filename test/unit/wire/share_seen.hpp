#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "test/unit/results.hpp"
#include "test/unit/wire/feed.hpp"
#include "wire/share.hpp"

/// What the parsers of the share protocol make of some bytes, in words.
namespace netcopy::test {

/// `VERDICT used skipped MESSAGE`; an error is `error`.
struct SeenShare {
    wire::Verdict verdict{};
    std::size_t used = 0;
    std::size_t skipped = 0;
    std::string message;
    std::string error;

    bool operator==(const SeenShare&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const SeenShare& seen) {
    constexpr const char* verdicts[] = {"need_more", "tentative", "complete"};
    if (!seen.error.empty()) return out << "error: " << seen.error;
    return out << verdicts[static_cast<int>(seen.verdict)] << ' ' << seen.used << ' '
               << seen.skipped << " '" << seen.message << "'";
}

inline std::string words_for(wire::ShareCommand command) {
    return std::string(wire::encode_share_command(command));
}
inline std::string words_for(const wire::ShareDetails& details) {
    return std::string(details.name) + "|" + std::to_string(details.size);
}
inline std::string words_for(std::string_view text) { return std::string(text); }
inline std::string words_for(const wire::ShareLine& line) {
    using Kind = wire::ShareLine::Kind;
    if (line.kind == Kind::end) return "END";
    if (line.kind == Kind::length) return "LENGTH " + std::to_string(line.number);
    if (line.kind == Kind::words) return "WORDS " + std::string(line.words);
    return std::string(line.id) + "|" + std::string(line.name) + "|" + std::to_string(line.number);
}
inline std::string words_for(const wire::ShareAnswer& answer) {
    return answer.md5.empty() ? "WORDS " + std::string(answer.words) : std::string(answer.md5);
}

template <class Message>
SeenShare describe_share(const wire::Parsed<Message>& parsed) {
    if (parsed.verdict == wire::Verdict::need_more) {
        CHECK(parsed.used == parsed.skipped);
        return {parsed.verdict, parsed.used, parsed.skipped, "", ""};
    }
    return {parsed.verdict, parsed.used, parsed.skipped, words_for(parsed.message), ""};
}
template <class Message>
SeenShare describe_share(const Result<wire::Parsed<Message>>& parsed) {
    if (parsed) return describe_share(*parsed);
    CHECK(parsed.error() == Errc::protocol);
    SeenShare seen;
    seen.error = parsed.error().context;
    return seen;
}

template <class Parse>
SeenShare see_share(Parse parse, std::string_view bytes) {
    SeenShare seen;
    parse_exact(bytes, parse, [&](const auto& parsed) { seen = describe_share(parsed); });
    return seen;
}

/// The bytes, cut in two at every place and also byte by byte, come out as when they are whole: a
/// beginning is never sure of something else, and what it skips does not change the rest.
template <class Parse>
void check_cuts(Parse parse, const std::string& bytes, const std::string& message,
                std::size_t used) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        INFO("'" << escape(bytes) << "' cut at " << cut);
        const SeenShare begin = see_share(parse, std::string_view(bytes).substr(0, cut));
        REQUIRE(begin.error.empty());
        if (begin.verdict == wire::Verdict::complete) {
            CHECK(begin.message == message);
            CHECK(begin.used == used);
            continue;
        }
        const SeenShare rest = see_share(parse, std::string_view(bytes).substr(begin.skipped));
        REQUIRE(rest.error.empty());
        CHECK(rest.message == message);
        CHECK(rest.used + begin.skipped == used);
    }
}

}  // namespace netcopy::test
