// Fuzzes rudp::Receiver: a series of packets, pauses and calls, and after each of them what
// docs/protocol/rudp.md promises.

#include "rudp/receiver.hpp"
#include "rudp_input.hpp"
#include "test/sim/content.hpp"
#include "test/sim/watch.hpp"

using namespace netcopy;
using namespace netcopy::rudp;
using fuzz::Input;
using fuzz::require;

namespace {

constexpr std::uint64_t connection = 7;

class Trial {
public:
    explicit Trial(Input& input)
        : input_(input), size_(input.number(3)), receiver_(options(), now_) {}

    void run() {
        flush();
        for (int steps = 0; !input_.empty() && !receiver_.finished() && steps < 2000; ++steps) {
            step();
            flush();
        }
        receiver_.close(CloseCode::done);
        flush();
        require(receiver_.finished() && receiver_.next_deadline() == Time::max());
    }

private:
    ReceiverOptions options() {
        ReceiverOptions made;
        made.connection = connection;
        made.name = "file";
        const bool knows = input_.byte() % 2 == 0;
        if (knows) {
            made.size = size_;
            made.tag.fill(std::byte{1});
        }
        made.wish = {0, wish_end_ = input_.number(3)};
        wished_.add({0, std::min(wish_end_, made.size)});
        made.silence = std::chrono::seconds(5);
        return made;
    }

    void step() {
        switch (input_.byte() % 8) {
            case 0:
            case 1:
                return give_data();
            case 2:  // anything, of any kind
                return give(static_cast<Kind>(0xF1 + input_.byte() % 9), input_.number(1),
                            input_.bytes(input_.byte()));
            case 3:
                now_ += input_.pause();
                return;
            case 4:
                if (const Time next = receiver_.next_deadline(); next != Time::max())
                    now_ = std::max(now_, next);
                return;
            case 5:
                return give_accept();
            case 6:
                return want();
            default:
                return give(Kind::ping, input_.number(8), {});
        }
    }

    void give_data() {
        std::vector<std::byte> body(8 + 1 + input_.number(1) * 16);
        const std::uint64_t offset = input_.number(3);
        for (std::size_t i = 0; i < 8; ++i)
            body[i] = static_cast<std::byte>(offset >> (56 - 8 * i) & 0xFF);
        give(Kind::data, number_ += input_.byte() % 4U, body);
    }

    void give_accept() {
        Accept accept{size_, 5, {}};
        accept.tag.fill(static_cast<std::byte>(input_.byte() % 8 == 7 ? 2 : 1));
        std::vector<std::byte> packet(200);
        packet.resize(write_accept({}, accept, packet));
        give(Kind::accept, number_++, Bytes(packet).subspan(header_size));
    }

    void want() {
        if (!receiver_.open()) return;
        const std::uint64_t begin = wish_end_ + input_.byte() % 8U;
        const Range range{begin, begin + input_.number(2)};
        if (!receiver_.want(now_, range)) return;
        wished_.add(range);
        wish_end_ = range.end;
    }

    void give(Kind kind, std::uint64_t number, Bytes body) {
        const Header header{kind, connection, number};
        const fuzz::Exact packet(fuzz::packet_of(header, body));
        const std::uint64_t before = receiver_.outstanding();
        const auto content = receiver_.on_packet(now_, header, packet.view());
        if (!content) return;
        const Range range{content->offset, content->offset + content->bytes.size()};
        require(range.size() > 0 && wished_.contains(range));
        require(content->bytes.data() >= packet.view().data() + data_header_size);
        require(content->bytes.data() + range.size() <=
                packet.view().data() + packet.view().size());
        require(before - receiver_.outstanding() == arrived_.add(range));
    }

    void flush() {
        std::array<std::byte, least_datagram - seal_size> out;
        for (unsigned polls = 0;; ++polls) {
            require(polls < 64);
            const std::size_t size = receiver_.poll_transmit(now_, out);
            if (size == 0) break;
            const auto header = parse_header(Bytes(out).first(size));
            require(header && header->connection == connection);
            numbers_.sent(header->number);
            Ack ack;
            require(header->kind != Kind::ack || parse_ack(Bytes(out).first(size), ack));
        }
        sim::check_drained(now_, receiver_.next_deadline(), "receiver");
        require(receiver_.missing().count() <= 65'536);
    }

    Input& input_;
    std::uint64_t size_;
    std::uint64_t wish_end_ = 0;
    std::uint64_t number_ = 0;
    Time now_ = Time{} + std::chrono::hours(1);
    sim::Coverage wished_, arrived_;
    sim::NumberWatch numbers_;
    Receiver receiver_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    Input input(data, size);
    Trial(input).run();
    return 0;
}
