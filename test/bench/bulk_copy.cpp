#include "bulk_copy.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace bulk {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t piece = 256 * 1024;

class File {
public:
    File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { ::close(fd_); }
    int get() const { return fd_; }

private:
    int fd_;
};

sockaddr_in parse_address(const std::string& text) {
    const auto colon = text.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (colon == std::string::npos ||
        ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) {
        throw std::invalid_argument("'" + text + "' is no ADDRESS:PORT");
    }
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
    return address;
}

void serve_one(const std::string& path, Connection& connection) {
    const File file(path, O_RDONLY);
    struct stat status {};
    ::fstat(file.get(), &status);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    connection.send_all(reinterpret_cast<const char*>(&size), sizeof size);
    std::vector<char> buffer(piece);
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got <= 0) break;
        connection.send_all(buffer.data(), static_cast<std::size_t>(got));
    }
    while (connection.receive(buffer.data(), buffer.size()).value_or(1) > 0) {
    }  // until the client has all of it and goes
}

int serve(const std::string& path, const std::string& where, const std::string& options,
          Transport& transport) {
    const sockaddr_in address = parse_address(where);
    const int port = transport.listen(address, options);
    std::printf("listening on %s:%d\n", where.substr(0, where.rfind(':')).c_str(), port);
    std::fflush(stdout);
    for (;;) {
        const auto connection = transport.accept();
        try {
            serve_one(path, *connection);
        } catch (const std::exception&) {
            continue;  // a client that has seen enough
        }
    }
}

int get(const std::string& where, const std::string& path, double seconds, Transport& transport) {
    const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
    const auto began = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
    const auto connection = transport.connect(parse_address(where));
    /// 0 after a second without a byte, too: the link may deliver next to nothing.
    const auto receive = [&](char* bytes, std::size_t most) {
        const auto got = connection->receive(bytes, most);
        if (got && *got == 0) throw std::runtime_error("the server has gone");
        return got.value_or(0);
    };
    std::uint64_t size = 0;
    for (std::size_t have = 0; have < sizeof size && passed() < seconds;) {
        have += receive(reinterpret_cast<char*>(&size) + have, sizeof size - have);
    }
    std::vector<char> buffer(piece);
    std::uint64_t received = 0;
    while (received < size && passed() < seconds) {
        const std::size_t got =
            receive(buffer.data(), std::min<std::uint64_t>(buffer.size(), size - received));
        if (::write(file.get(), buffer.data(), got) != static_cast<ssize_t>(got)) {
            throw std::system_error(errno, std::generic_category(), path);
        }
        received += got;
    }
    std::printf("{\"bytes\": %llu, \"seconds\": %.6f}\n", static_cast<unsigned long long>(received),
                passed());
    return 0;
}

}  // namespace

int run(const char* program, int argc, char** argv, Transport& transport) {
    std::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        if ((words.size() == 3 || words.size() == 4) && words[0] == "serve") {
            return serve(words[1], words[2], words.size() == 4 ? words[3] : "", transport);
        }
        if (words.size() == 4 && words[0] == "get") {
            return get(words[1], words[2], std::atof(words[3].c_str()), transport);
        }
        std::fprintf(stderr,
                     "usage: %s serve FILE ADDRESS:PORT [OPTIONS]\n"
                     "       %s get ADDRESS:PORT FILE SECONDS\n",
                     program, program);
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", program, error.what());
        return 1;
    }
}

}  // namespace bulk
