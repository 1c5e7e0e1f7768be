#include "rudp/door.hpp"

#include <chrono>

#include "rudp/fields.hpp"

namespace netcopy::rudp {

Door::Door(MacFn mac, Time start) : mac_(std::move(mac)), start_(start) {}

Cookie Door::cookie(Time now, const Address& from, const Header& header,
                    const Request& request) const {
    const auto time = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - start_).count());
    Cookie cookie;
    FieldWriter writer(cookie);
    writer.number(time);
    writer.bytes(mac(time, from, header, request));
    return cookie;
}

std::optional<Duration> Door::check(Time now, const Address& from, const Header& header,
                                    const Request& request) const {
    if (!request.cookie) return std::nullopt;
    FieldReader reader(*request.cookie);
    const auto time = reader.number<std::uint64_t>();
    const Mac right = mac(time, from, header, request);
    unsigned difference = 0;  // in constant time, that nobody can feel his way byte by byte
    for (std::size_t i = 0; i < right.size(); ++i) {
        difference |= std::to_integer<unsigned>(right[i] ^ reader.rest()[i]);
    }
    if (difference != 0) return std::nullopt;
    const Duration age = now - (start_ + std::chrono::microseconds(time));
    if (age < Duration::zero() || age > cookie_life) return std::nullopt;
    return age;
}

Door::Mac Door::mac(std::uint64_t time, const Address& from, const Header& header,
                    const Request& request) const {
    std::array<std::byte, 128 + most_name> buffer;
    FieldWriter writer(buffer);
    writer.number(time);
    writer.bytes(from.ip);
    writer.number(from.port);
    writer.number(header.connection);
    writer.number(request.size);
    writer.bytes(request.tag);
    writer.number(request.wish.begin);
    writer.number(request.wish.end);
    writer.bytes(as_bytes(request.name));
    return mac_(Bytes(buffer).first(writer.size()));
}

}  // namespace netcopy::rudp
