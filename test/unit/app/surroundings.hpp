#pragma once

#include <fcntl.h>
#include <pty.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

/// What a process has around it, changed for the time of one test: variables, stdout, stderr.
namespace netcopy::test {

/// Sets an environment variable, or removes it with nullptr; the old state comes back at the end.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* old = std::getenv(name)) old_ = old;
        set(value);
    }
    ~Variable() { set(old_ ? old_->c_str() : nullptr); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    void set(const char* value) const {
        if (value != nullptr) {
            ::setenv(name_, value, 1);
        } else {
            ::unsetenv(name_);
        }
    }

    const char* name_;
    std::optional<std::string> old_;
};

/// Leads stdout or stderr to another descriptor while it lives. No assertion may be made meanwhile:
/// its report would go there too.
class Redirect {
public:
    Redirect(std::FILE* stream, int target) : stream_(stream), fd_(::fileno(stream)) {
        std::fflush(stream_);
        saved_ = ::dup(fd_);
        ::dup2(target, fd_);
    }
    ~Redirect() {
        std::fflush(stream_);
        ::dup2(saved_, fd_);
        ::close(saved_);
        std::clearerr(stream_);
    }
    Redirect(const Redirect&) = delete;
    Redirect& operator=(const Redirect&) = delete;

private:
    std::FILE* stream_;
    int fd_;
    int saved_;
};

struct Output {
    std::string out, err;
};

inline std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t size; (size = ::read(fd, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(size));
    }
    return text;
}

/// What `work` writes to stdout and stderr, neither of which is a terminal.
template <class Work>
Output output_of(Work work) {
    const int out = ::memfd_create("stdout", 0);
    const int err = ::memfd_create("stderr", 0);
    {
        const Redirect first(stdout, out), second(stderr, err);
        work();
    }
    ::lseek(out, 0, SEEK_SET);
    ::lseek(err, 0, SEEK_SET);
    Output output{read_all(out), read_all(err)};
    ::close(out);
    ::close(err);
    return output;
}

/// What `work` writes to a terminal of that size that is both stdout and stderr. It must fit in the
/// terminal's buffer (4 KiB), because it is read only afterwards.
template <class Work>
std::string screen_of(Work work, unsigned short columns, unsigned short rows = 24) {
    int master = -1, slave = -1;
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, &size) == 0);
    {
        const Redirect out(stdout, slave), err(stderr, slave);
        work();
    }
    ::close(slave);
    std::string text = read_all(master);  // ends with EIO when the last slave is closed
    ::close(master);
    return text;
}

}  // namespace netcopy::test
