// Fuzzes rudp::Sender: a series of packets, pauses and calls, and after each of them what
// docs/protocol/rudp.md promises.

#include "rudp/sender.hpp"
#include "rudp_input.hpp"
#include "test/sim/watch.hpp"

using namespace netcopy;
using namespace netcopy::rudp;
using fuzz::Input;
using fuzz::require;

namespace {

constexpr std::uint64_t connection = 7;

Address address(unsigned port) {
    Address made;
    made.port = static_cast<std::uint16_t>(port);
    return made;
}

class Trial {
public:
    explicit Trial(Input& input)
        : input_(input), size_(input.number(3)), sender_(options(), now_) {}

    void run() {
        flush();
        for (int steps = 0; !input_.empty() && !sender_.finished() && steps < 1000; ++steps) {
            step();
            flush();
        }
        sender_.close(CloseCode::stopping);
        flush();
        require(sender_.finished() && sender_.next_deadline() == Time::max());
    }

private:
    SenderOptions options() {
        SenderOptions made;
        made.connection = connection;
        made.peer = address(1);
        made.wish = {0, input_.number(3)};
        made.max_datagram = std::max<std::size_t>(least_datagram, input_.number(2));
        made.max_datagram = std::min(made.max_datagram, largest_datagram);
        made.receive_buffer = input_.number(3);
        made.file.size = size_;
        made.rtt = input_.pause();
        made.token = [this] { return ++tokens_; };
        made.read = [this](std::uint64_t offset, MutableBytes out) {
            require(offset <= size_ && out.size() <= size_ - offset);
            return !broken_;
        };
        return made;
    }

    void step() {
        switch (input_.byte() % 8) {
            case 0:
            case 1:
                return acknowledge();
            case 2:  // anything, of any kind
                return give(static_cast<Kind>(0xF1 + input_.byte() % 9),
                            input_.bytes(input_.byte()));
            case 3:
                now_ += input_.pause();
                return;
            case 4:  // as long as it wants to wait
                if (const Time next = sender_.next_deadline(); next != Time::max())
                    now_ = std::max(now_, next);
                return;
            case 5:
                return sender_.on_request();
            case 6:
                return sender_.on_too_big(
                    std::max<std::size_t>(least_datagram + 1, input_.number(2)));
            default:
                broken_ = input_.byte() == 255;
        }
    }

    // What could be true: ranges below the largest number that was sent.
    void acknowledge() {
        Ack ack;
        ack.answer = input_.byte() % 4 == 0;
        ack.received = input_.number(3);
        ack.delay = static_cast<std::uint32_t>(input_.number(2));
        ack.first_wish = wish_;
        std::uint64_t next =
            numbers_.last() - std::min<std::uint64_t>(numbers_.last(), input_.byte() % 8);
        const std::size_t ranges = input_.byte() % 8U;
        while (ack.range_count < ranges) {
            const std::uint64_t first = next - std::min<std::uint64_t>(next, input_.byte());
            ack.ranges[ack.range_count++] = {first, next};
            const std::uint64_t gap = 2 + input_.byte() % 8U;
            if (first < gap) break;
            next = first - gap;
        }
        ack.wish_count = input_.byte() % 4 == 0 ? input_.byte() % 4U : 0U;
        for (std::size_t i = 0; i < ack.wish_count; ++i) {
            const std::uint64_t begin = input_.number(3);
            ack.wishes[i] = {begin, begin + input_.number(2)};
        }
        wish_ += static_cast<std::uint32_t>(ack.wish_count);
        std::vector<std::byte> out(2048);
        out.resize(write_ack({Kind::ack, connection, number_++}, ack, out));
        give(Kind::ack, Bytes(out).subspan(header_size));
    }

    void give(Kind kind, Bytes body) {
        const Header header{kind, connection, number_++};
        const fuzz::Exact packet(fuzz::packet_of(header, body));
        sender_.on_packet(now_, address(input_.byte() % 16 == 0 ? 2 : 1), header, packet.view());
    }

    sim::FlightWatch::Look look() const {
        return {sender_.sent().in_flight(), sender_.congestion().window(),
                sender_.counts().timeouts};
    }

    void flush() {
        std::vector<std::byte> out(largest_datagram - seal_size);
        for (unsigned polls = 0;; ++polls) {
            require(polls < sim::most_polls);
            const auto before = look();
            const Transmit made = sender_.poll_transmit(now_, out);
            if (made.size == 0) break;
            require(made.size <= out.size());
            const auto header = parse_header(Bytes(out).first(made.size));
            require(header && header->connection == connection);
            flight_.transmitted(before, look(), header->kind);
            if (header->kind == Kind::close || header->kind == Kind::path) continue;
            numbers_.sent(header->number);
            require(header->kind != Kind::data || parse_data(Bytes(out).first(made.size)));
        }
        sim::check_drained(now_, sender_.next_deadline(), "sender");
        require(sender_.sent().packets_in_flight() <= SentPackets::most);
        require(sender_.lost().bytes() <= size_);
    }

    Input& input_;
    std::uint64_t size_;
    std::uint64_t tokens_ = 0;
    bool broken_ = false;
    Time now_ = Time{} + std::chrono::hours(1);
    std::uint64_t number_ = 1;
    std::uint32_t wish_ = 1;
    sim::NumberWatch numbers_;
    sim::FlightWatch flight_;
    Sender sender_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    Input input(data, size);
    Trial(input).run();
    return 0;
}
