// One file over a plain TCP connection whose congestion control can be chosen, as the peer of the
// rows about slow links (bulk_copy.hpp). `serve`'s option is its name: cubic, bbr, ...

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bulk_copy.hpp"

namespace {

void require(bool worked, const char* what) {
    if (!worked) throw std::system_error(errno, std::generic_category(), what);
}

class TcpConnection final : public bulk::Connection {
public:
    explicit TcpConnection(int fd) : fd_(fd) {}
    TcpConnection(const TcpConnection&) = delete;
    TcpConnection& operator=(const TcpConnection&) = delete;
    ~TcpConnection() override { ::close(fd_); }

    void send_all(const char* bytes, std::size_t size) override {
        while (size > 0) {
            const ssize_t put = ::send(fd_, bytes, size, MSG_NOSIGNAL);
            require(put > 0, "send");
            bytes += put;
            size -= static_cast<std::size_t>(put);
        }
    }
    std::optional<std::size_t> receive(char* bytes, std::size_t size) override {
        const ssize_t got = ::recv(fd_, bytes, size, 0);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
        require(got >= 0, "recv");
        return static_cast<std::size_t>(got);
    }

private:
    int fd_;
};

class TcpTransport final : public bulk::Transport {
public:
    int listen(const sockaddr_in& address, const std::string& options) override {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        require(listener_ >= 0, "socket");
        require(
            options.empty() || ::setsockopt(listener_, IPPROTO_TCP, TCP_CONGESTION, options.data(),
                                            static_cast<socklen_t>(options.size())) == 0,
            options.c_str());
        sockaddr_in bound = address;
        socklen_t size = sizeof bound;
        require(::bind(listener_, reinterpret_cast<const sockaddr*>(&bound), size) == 0, "bind");
        require(::listen(listener_, 16) == 0, "listen");
        require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size) == 0, "port");
        return ntohs(bound.sin_port);
    }
    std::unique_ptr<bulk::Connection> accept() override {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        require(fd >= 0, "accept");
        return std::make_unique<TcpConnection>(fd);
    }
    std::unique_ptr<bulk::Connection> connect(const sockaddr_in& address) override {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        require(fd >= 0, "socket");
        auto connection = std::make_unique<TcpConnection>(fd);
        require(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
                "connect");
        const timeval second{1, 0};
        require(::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) == 0, "timeout");
        return connection;
    }

private:
    int listener_ = -1;
};

}  // namespace

int main(int argc, char** argv) {
    TcpTransport transport;
    return bulk::run("netcopy_tcp_copy", argc, argv, transport);
}
