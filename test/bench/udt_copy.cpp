// One file over UDT4 (Debian's libudt-dev), as the peer of the rows about slow links
// (bulk_copy.hpp). Built where the library is there. Buffers are large enough for every link that
// is measured.

#include <udt/udt.h>
#include <algorithm>
#include <stdexcept>

#include "bulk_copy.hpp"

namespace {

void require(bool worked, const char* what) {
    if (!worked)
        throw std::runtime_error(what + std::string(": ") + UDT::getlasterror().getErrorMessage());
}

UDTSOCKET new_socket() {
    const UDTSOCKET socket = UDT::socket(AF_INET, SOCK_STREAM, 0);
    require(socket != UDT::INVALID_SOCK, "socket");
    const int window = 100'000;    // packets
    const int buffer = 128 << 20;  // bytes
    const int kernel_buffer = 16 << 20;
    UDT::setsockopt(socket, 0, UDT_FC, &window, sizeof window);
    UDT::setsockopt(socket, 0, UDT_SNDBUF, &buffer, sizeof buffer);
    UDT::setsockopt(socket, 0, UDT_RCVBUF, &buffer, sizeof buffer);
    UDT::setsockopt(socket, 0, UDP_SNDBUF, &kernel_buffer, sizeof kernel_buffer);
    UDT::setsockopt(socket, 0, UDP_RCVBUF, &kernel_buffer, sizeof kernel_buffer);
    return socket;
}

class UdtConnection final : public bulk::Connection {
public:
    explicit UdtConnection(UDTSOCKET socket) : socket_(socket) {}
    UdtConnection(const UdtConnection&) = delete;
    UdtConnection& operator=(const UdtConnection&) = delete;
    ~UdtConnection() override { UDT::close(socket_); }

    void connect_to(const sockaddr_in& address) {
        const auto* const to = reinterpret_cast<const sockaddr*>(&address);
        require(UDT::connect(socket_, to, sizeof address) != UDT::ERROR, "connect");
        const int second = 1000;  // ms
        UDT::setsockopt(socket_, 0, UDT_RCVTIMEO, &second, sizeof second);
    }
    void send_all(const char* bytes, std::size_t size) override {
        while (size > 0) {
            const int put = UDT::send(socket_, bytes, static_cast<int>(size), 0);
            require(put != UDT::ERROR, "send");
            bytes += put;
            size -= static_cast<std::size_t>(put);
        }
    }
    std::optional<std::size_t> receive(char* bytes, std::size_t size) override {
        const int got = UDT::recv(socket_, bytes, static_cast<int>(size), 0);
        const bool waits =
            got == UDT::ERROR && UDT::getlasterror().getErrorCode() == UDT::ERRORINFO::ETIMEOUT;
        if (waits) return std::nullopt;
        require(got != UDT::ERROR, "recv");
        return static_cast<std::size_t>(got);
    }

private:
    UDTSOCKET socket_;
};

class UdtTransport final : public bulk::Transport {
public:
    UdtTransport() { UDT::startup(); }
    ~UdtTransport() override { UDT::cleanup(); }

    int listen(const sockaddr_in& address, const std::string&) override {
        listener_ = new_socket();
        require(UDT::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
                    UDT::ERROR,
                "bind");
        require(UDT::listen(listener_, 16) != UDT::ERROR, "listen");
        sockaddr_in bound{};
        int size = sizeof bound;
        require(
            UDT::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size) != UDT::ERROR,
            "port");
        return ntohs(bound.sin_port);
    }
    std::unique_ptr<bulk::Connection> accept() override {
        sockaddr_storage peer{};
        int size = sizeof peer;
        const UDTSOCKET socket = UDT::accept(listener_, reinterpret_cast<sockaddr*>(&peer), &size);
        require(socket != UDT::INVALID_SOCK, "accept");
        return std::make_unique<UdtConnection>(socket);
    }
    std::unique_ptr<bulk::Connection> connect(const sockaddr_in& address) override {
        auto connection = std::make_unique<UdtConnection>(new_socket());
        connection->connect_to(address);
        return connection;
    }

private:
    UDTSOCKET listener_ = UDT::INVALID_SOCK;
};

}  // namespace

int main(int argc, char** argv) {
    UdtTransport transport;
    return bulk::run("netcopy_udt_copy", argc, argv, transport);
}
