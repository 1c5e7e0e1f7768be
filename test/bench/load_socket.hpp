// A TCP connection of the load generator.
#pragma once

#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/types.h>

namespace load {

// Owns a file descriptor; closes it. Movable only.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    [[nodiscard]] int get() const { return fd_; }
    void close();

private:
    int fd_;
};

// A resolved server address.
struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

// `HOST:PORT` or `[IPV6]:PORT`. Throws std::runtime_error if it cannot be resolved.
Address resolve(const std::string& endpoint);

// Connects (blocking), then makes the socket non-blocking, without Nagle's delay.
// Throws std::system_error.
Descriptor connect_to(const Address& address);

}  // namespace load
