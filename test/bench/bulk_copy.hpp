#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

/// The plainest possible transfer, to measure a transport by: whoever connects gets one file.
namespace bulk {

/// A connection of some transport. Failures are thrown.
class Connection {
public:
    virtual ~Connection() = default;
    virtual void send_all(const char* bytes, std::size_t size) = 0;
    /// 0: the end; no value: nothing came for a second, to a client.
    virtual std::optional<std::size_t> receive(char* bytes, std::size_t size) = 0;
};

class Transport {
public:
    virtual ~Transport() = default;
    /// `options` is what stood behind the other operands. Returns the port.
    virtual int listen(const sockaddr_in& address, const std::string& options) = 0;
    virtual std::unique_ptr<Connection> accept() = 0;
    virtual std::unique_ptr<Connection> connect(const sockaddr_in& address) = 0;
};

/// serve FILE ADDRESS:PORT [OPTIONS]: prints `listening on ADDRESS:PORT` and serves for ever.
/// get ADDRESS:PORT FILE SECONDS: for so long at the most; prints the bytes that came and the
/// seconds from before connecting to the last of them, as JSON.
int run(const char* program, int argc, char** argv, Transport& transport);

}  // namespace bulk
