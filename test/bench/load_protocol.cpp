#include "load_protocol.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace load {
namespace {

// Below the checksum server's default limit of 1 KiB, and more than a run can trickle at one byte
// a second.
constexpr std::size_t unfinished_value = 1000;
constexpr std::string_view unfinished_checksum = "BE|7|60|1000|";
constexpr std::string_view unfinished_redis = "*5\r\n$3\r\nSET\r\n$1\r\n7\r\n$1000\r\n";

class Decimal {
public:
    explicit Decimal(std::uint64_t number)
        : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr) {}
    [[nodiscard]] std::string_view text() const {
        return {digits_.data(), static_cast<std::size_t>(end_ - digits_.data())};
    }

private:
    std::array<char, 20> digits_{};
    char* end_;
};

std::uint64_t mix(std::uint64_t x) {  // splitmix64
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

void append_bulk(std::string& out, std::string_view text) {  // a RESP bulk string
    out += '$';
    out += Decimal(text.size()).text();
    out += "\r\n";
    out += text;
    out += "\r\n";
}

}  // namespace

Codec::Codec(Protocol protocol, Operation operation, std::size_t value_bytes, unsigned validity)
    : protocol_(protocol),
      operation_(operation),
      value_bytes_(value_bytes),
      validity_(Decimal(validity).text()),
      length_(Decimal(value_bytes).text()) {
    std::string reply;
    append_reply(reply, 0);
    reply_size_ = reply.size();
}

void Codec::append_value(std::string& out, std::uint64_t key) const {
    constexpr std::string_view hex = "0123456789abcdef";
    std::size_t left = value_bytes_;
    for (std::uint64_t word = mix(key); left > 0; word = mix(word)) {
        std::array<char, 16> digits{};
        std::uint64_t rest = word;
        for (char& digit : digits) {
            digit = hex[rest & 15U];
            rest >>= 4U;
        }
        const std::size_t taken = std::min(left, digits.size());
        out.append(digits.data(), taken);
        left -= taken;
    }
}

void Codec::append_request(std::string& out, std::uint64_t key) const {
    const Decimal id(key);
    if (protocol_ == Protocol::checksum) {
        if (operation_ == Operation::lookup) {
            // The newline ends the message at once: without one the server has to wait for more.
            out.append("KI|").append(id.text()).append("\n");
            return;
        }
        out.append("BE|").append(id.text()).append("|").append(validity_).append("|");
        out.append(length_).append("|");
        append_value(out, key);
        return;
    }
    if (operation_ == Operation::lookup) {
        out += "*2\r\n$3\r\nGET\r\n";
        append_bulk(out, id.text());
        return;
    }
    out += "*5\r\n$3\r\nSET\r\n";
    append_bulk(out, id.text());
    out.append("$").append(length_).append("\r\n");
    append_value(out, key);
    out += "\r\n$2\r\nEX\r\n";
    append_bulk(out, validity_);
}

void Codec::append_reply(std::string& out, std::uint64_t key) const {
    const bool redis = protocol_ == Protocol::redis;
    if (operation_ == Operation::insert) {
        out += redis ? "+OK\r\n" : "OK";
        return;
    }
    if (redis) {
        out += '$';
    }
    out.append(length_).append(redis ? "\r\n" : "|");
    append_value(out, key);
    if (redis) {
        out += "\r\n";
    }
}

char Codec::unfinished_byte(std::size_t index) const {
    const auto start = protocol_ == Protocol::redis ? unfinished_redis : unfinished_checksum;
    return index < start.size() ? start[index] : 'x';
}

std::size_t Codec::unfinished_size() const {
    const auto start = protocol_ == Protocol::redis ? unfinished_redis : unfinished_checksum;
    return start.size() + unfinished_value - 1;
}

}  // namespace load
