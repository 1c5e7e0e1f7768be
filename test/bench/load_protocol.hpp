// What the load generator says, and the only right answer to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace load {

enum class Protocol { checksum, redis };
enum class Operation { insert, lookup };

// Writes requests and their expected replies. Every value is a function of its key, so a look-up
// is checked byte by byte without keeping what was inserted, and the same key holds the same value
// in both makes of server. Immutable after construction; safe to share.
class Codec {
public:
    // `value_bytes` counts the bytes of each value, `validity` is in seconds.
    Codec(Protocol protocol, Operation operation, std::size_t value_bytes, unsigned validity);

    void append_request(std::string& out, std::uint64_t key) const;
    void append_reply(std::string& out, std::uint64_t key) const;

    // Bytes of a reply; the same for every key, because neither operation's reply names the key.
    [[nodiscard]] std::size_t reply_size() const { return reply_size_; }

    // Byte `index` of an insertion whose value is still incomplete after `unfinished_size()` bytes.
    [[nodiscard]] char unfinished_byte(std::size_t index) const;
    [[nodiscard]] std::size_t unfinished_size() const;

private:
    void append_value(std::string& out, std::uint64_t key) const;

    Protocol protocol_;
    Operation operation_;
    std::size_t value_bytes_;
    std::string validity_;
    std::string length_;
    std::size_t reply_size_ = 0;
};

}  // namespace load
