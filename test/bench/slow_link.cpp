// Emulates a network of slow, distant links that lose packets, for kernels without sch_netem: two
// or three hosts are network namespaces with the kernel's own network stack, each with a TUN
// device, and every IP packet between them goes through the model of slow_link_path.hpp. Needs root
// and ip.

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "slow_link_path.hpp"

namespace {

using namespace slow_link;
using namespace std::chrono_literals;

constexpr const char* usage =
    R"(usage: netcopy_slow_link --prefix NAME --host RATE --host RATE... [OPTIONS] -- COMMAND

  --prefix NAME   of the namespaces: NAME-1 has 10.77.0.1, NAME-2 has 10.77.0.2, ...
  --host RATE     a host, and the rate of its line in each direction, as 200mbit or 1gbit
  --delay TIME    one way, as 50ms (0ms)
  --loss SHARE    of the packets in each direction, at random, as 1% (0%)
  --queue BYTES   in front of each line (rate times twice the delay, at least 65536)
  --seed N        of what is lost (1)

Runs the command while the network is there; `ip netns exec NAME-1 ...` is in a host. Its exit status
is the command's, 2 for a wrong usage or where the network cannot be made.
)";

struct Options {
    std::string prefix;
    std::vector<Access> hosts;
    double delay = 0;  // seconds
    double loss = 0;   // probability
    double queue = 0;  // bytes; 0: by rate and delay
    std::uint64_t seed = 1;
    std::vector<char*> command;
};

double number(const std::string& text,
              std::initializer_list<std::pair<std::string_view, double>> units) {
    std::size_t used = 0;
    double value = -1;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    for (const auto& [unit, factor] : units) {
        if (used > 0 && value >= 0 && text.substr(used) == unit) return value * factor;
    }
    throw std::invalid_argument("what is '" + text + "'?");
}

void set_option(Options& options, const std::string& name, const std::string& value) {
    if (name == "--prefix") {
        const auto plain = [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) || c == '-';
        };
        if (!std::all_of(value.begin(), value.end(), plain))
            throw std::invalid_argument("--prefix");
        options.prefix = value;
    } else if (name == "--host") {
        options.hosts.push_back({number(value, {{"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}}), 0});
    } else if (name == "--delay") {
        options.delay = number(value, {{"ms", 1e-3}, {"us", 1e-6}});
    } else if (name == "--loss") {
        options.loss = number(value, {{"%", 1e-2}});
    } else if (name == "--queue") {
        options.queue = number(value, {{"", 1}});
    } else if (name == "--seed") {
        options.seed = static_cast<std::uint64_t>(number(value, {{"", 1}}));
    } else {
        throw std::invalid_argument("what is '" + name + "'?");
    }
}

Options parse(int argc, char** argv) {
    Options options;
    int i = 1;
    for (; i < argc && std::string_view(argv[i]) != "--"; i += 2) {
        if (i + 1 >= argc) throw std::invalid_argument(std::string(argv[i]) + " needs a value");
        set_option(options, argv[i], argv[i + 1]);
    }
    for (++i; i < argc; ++i) options.command.push_back(argv[i]);
    if (options.prefix.empty() || options.hosts.size() < 2 || options.hosts.size() > 9 ||
        options.command.empty()) {
        throw std::invalid_argument("a prefix, two to nine hosts and a command are needed");
    }
    for (Access& host : options.hosts) {
        host.queue = options.queue > 0 ? options.queue
                                       : std::max(65536.0, host.rate * 2 * options.delay / 8);
    }
    options.command.push_back(nullptr);
    return options;
}

void sh(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

class Descriptor {
public:
    explicit Descriptor(int fd, const char* what) : fd_(fd) {
        if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
    }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

/// A namespace, its device, and the descriptor through which its packets come and go.
class Host {
public:
    Host(const std::string& prefix, std::size_t number)
        : name_(prefix + "-" + std::to_string(number)) {
        sh("ip netns add " + name_);
        try {
            make_device(number);
        } catch (...) {
            remove();
            throw;
        }
    }
    Host(Host&& other) noexcept : name_(std::exchange(other.name_, {})), device_(other.device_) {
        other.device_ = -1;
    }
    Host& operator=(Host&&) = delete;
    ~Host() {
        if (device_ >= 0) ::close(device_);
        if (!name_.empty()) remove();
    }
    int device() const { return device_; }

private:
    void make_device(std::size_t number) {
        std::exception_ptr failed;
        std::thread([&] {  // one that enters the namespace, for good
            try {
                device_ = open_device();
            } catch (...) {
                failed = std::current_exception();
            }
        })
            .join();
        if (failed) std::rethrow_exception(failed);
        const std::string ip = "ip -n " + name_;
        sh(ip + " link set lo up");
        sh(ip + " addr add 10.77.0." + std::to_string(number) + "/24 dev slow0");
        // A long queue: the model's is the one that counts.
        sh(ip + " link set slow0 mtu 1500 txqueuelen 20000 up");
    }

    int open_device() const {
        const Descriptor there(::open(("/run/netns/" + name_).c_str(), O_RDONLY | O_CLOEXEC),
                               "cannot open the namespace");
        if (::setns(there.get(), CLONE_NEWNET) != 0) {
            throw std::system_error(errno, std::generic_category(), "setns");
        }
        const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        ifreq request{};
        request.ifr_flags = IFF_TUN | IFF_NO_PI;
        std::strcpy(request.ifr_name, "slow0");
        if (fd < 0 || ::ioctl(fd, TUNSETIFF, &request) != 0) {
            throw std::system_error(errno, std::generic_category(), "no TUN device");
        }
        return fd;
    }

    void remove() noexcept {
        if (std::system(("ip netns del " + name_).c_str()) != 0) {
            std::fprintf(stderr, "netcopy_slow_link: %s is left\n", name_.c_str());
        }
    }

    std::string name_;
    int device_ = -1;
};

volatile std::sig_atomic_t stop = 0;

/// The command; ends with us.
class Child {
public:
    explicit Child(const std::vector<char*>& command) : pid_(::fork()) {
        if (pid_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        ::execvp(command[0], command.data());
        std::perror(command[0]);
        ::_exit(127);
    }
    bool ended() { return ::waitpid(pid_, &status_, WNOHANG) == pid_; }
    void end() {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, &status_, 0);
    }
    int status() const {
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    }

private:
    pid_t pid_;
    int status_ = 0;
};

void read_packets(Network& network, std::size_t host, int device) {
    constexpr int most = 128;  // before others have their turn
    std::uint8_t buffer[2048];
    for (int i = 0; i < most; ++i) {
        const ssize_t size = ::read(device, buffer, sizeof buffer);
        if (size <= 0) return;
        network.send(host, {buffer, static_cast<std::size_t>(size)}, Clock::now());
    }
}

/// Until `next`, at most 20 ms: the command may have ended.
timespec pause_until(Time next) {
    const auto pause = std::clamp<Duration>(next - Clock::now(), 0ms, 20ms);
    return {0, static_cast<long>(std::chrono::nanoseconds(pause).count())};
}

void carry(Network& network, const std::vector<Host>& hosts, Child& child) {
    std::vector<pollfd> ready;
    for (const Host& host : hosts) ready.push_back({host.device(), POLLIN, 0});
    auto look_again = Clock::now();
    while (!stop) {
        const auto now = Clock::now();
        network.move(now, [&](std::size_t host, const Packet& packet) {
            // A device whose queue is full drops it, as a network card does.
            if (::write(hosts[host].device(), packet.data(), packet.size()) < 0) return;
        });
        const timespec pause = pause_until(network.next());
        if (::ppoll(ready.data(), ready.size(), &pause, nullptr) > 0) {
            for (std::size_t i = 0; i < ready.size(); ++i) {
                if (ready[i].revents & POLLIN) read_packets(network, i, ready[i].fd);
            }
        }
        if (now < look_again) continue;
        if (child.ended()) return;
        look_again = now + 10ms;
    }
    child.end();
}

/// What is late here is delay that nobody asked for: before all others, but not for the command.
void hurry() {
    ::prctl(PR_SET_TIMERSLACK, 1000UL);  // ns
    sched_param priority{};
    priority.sched_priority = 20;
    ::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);
}

int run(const Options& options) {
    struct sigaction action {};
    action.sa_handler = [](int) { stop = 1; };
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    std::vector<Host> hosts;
    for (std::size_t i = 1; i <= options.hosts.size(); ++i) hosts.emplace_back(options.prefix, i);
    const std::chrono::duration<double> delay(options.delay);
    Network network(options.hosts, std::chrono::duration_cast<Duration>(delay), options.loss,
                    options.seed);
    hurry();
    Child child(options.command);
    carry(network, hosts, child);
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        const Counters& counters = network.counters(i);
        std::fprintf(stderr,
                     "netcopy_slow_link: host %zu: sent %llu, lost %llu, overflowed %llu; "
                     "received %llu, %llu bytes\n",
                     i + 1, static_cast<unsigned long long>(counters.sent),
                     static_cast<unsigned long long>(counters.lost),
                     static_cast<unsigned long long>(counters.overflowed),
                     static_cast<unsigned long long>(counters.delivered),
                     static_cast<unsigned long long>(counters.bytes));
    }
    return child.status();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(parse(argc, argv));
    } catch (const std::invalid_argument& error) {
        std::fprintf(stderr, "netcopy_slow_link: %s\n%s", error.what(), usage);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "netcopy_slow_link: %s\n", error.what());
    }
    return 2;
}
