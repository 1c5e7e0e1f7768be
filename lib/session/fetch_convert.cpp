#include "session/fetch_convert.hpp"

#include <algorithm>
#include <array>

#include "crypto/mac.hpp"

namespace netcopy {
namespace {

std::optional<unsigned> digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    return std::nullopt;
}

Errc kind_of(rudp::CloseCode code) {
    switch (code) {
        case rudp::CloseCode::busy:
        case rudp::CloseCode::refused:
            return Errc::refused;
        case rudp::CloseCode::breach:
            return Errc::protocol;
        case rudp::CloseCode::idle:
            return Errc::timed_out;
        default:
            return Errc::connection_lost;
    }
}

std::string_view words_of(rudp::CloseCode code) {
    switch (code) {
        case rudp::CloseCode::done:
            return "it is done";
        case rudp::CloseCode::no_such_file:
            return "there is no such file any more";
        case rudp::CloseCode::changed:
            return "the file is another by now";
        case rudp::CloseCode::busy:
            return "it is busy, too many connections";
        case rudp::CloseCode::refused:
            return "refused";
        case rudp::CloseCode::unreadable:
            return "the file cannot be read";
        case rudp::CloseCode::breach:
            return "we broke the protocol";
        case rudp::CloseCode::idle:
            return "nothing was heard of us";
        case rudp::CloseCode::stopping:
            return "it is stopping";
        case rudp::CloseCode::unknown:
            return "it does not know the connection, and was restarted perhaps";
    }
    return "it has ended for a reason of its own";
}

}  // namespace

rudp::Address to_rudp(const UdpAddress& address) {
    rudp::Address out;
    const auto bytes = address.bytes();
    std::copy_n(bytes.begin(), out.ip.size(), out.ip.begin());
    out.port = address.port();
    return out;
}

rudp::Tag to_tag(std::string_view sha256) {
    rudp::Tag tag{};
    if (sha256.size() != 2 * tag.size()) return tag;
    for (std::size_t i = 0; i < tag.size(); ++i) {
        const auto high = digit(sha256[2 * i]), low = digit(sha256[2 * i + 1]);
        if (!high || !low) return {};
        tag[i] = static_cast<std::byte>(*high << 4 | *low);
    }
    return tag;
}

std::uint64_t random_number() {
    std::array<std::byte, 8> bytes{};
    fill_random(bytes);
    std::uint64_t number = 0;
    for (const std::byte each : bytes) number = number << 8 | std::to_integer<std::uint64_t>(each);
    return number;
}

Error fetch_error(const rudp::Ended& ended, bool was_open, const std::string& peer) {
    if (!ended.by_peer && ended.code == rudp::CloseCode::idle) {
        if (was_open) return make_error(Errc::timed_out, peer + " has fallen silent");
        return make_error(Errc::unreachable,
                          "cannot reach " + peer + ": no answer; is a file server running there?");
    }
    if (!ended.by_peer) return make_error(Errc::protocol, peer + ": " + escape(ended.text));
    std::string text = peer + " says that " + std::string(words_of(ended.code));
    if (!ended.text.empty()) text += " (" + escape(ended.text) + ")";
    return make_error(kind_of(ended.code), std::move(text));
}

}  // namespace netcopy
