#include "net/udp_link.hpp"

#include <netinet/in.h>

#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <thread>

#include "net/udp_inbox.hpp"
#include "net/udp_outbox.hpp"
#include "test/unit/net/udp_fixture.hpp"

namespace netcopy::test {
namespace {

struct Fixture {
    Loop loop;
    DiskPool disk{2};
    UdpRecorder here, there;
};

std::string numbered(std::size_t number, std::size_t size) {
    std::string packet = sample(size);
    packet.replace(0, 4, std::to_string(1000 + number));
    return packet;
}

}  // namespace

TEST_CASE("Packets of any size arrive as they were sent, with the way to answer them") {
    Fixture at;
    at.there.echoes = true;
    const RunningLink there(at.loop, at.disk, at.there);
    RunningLink here(at.loop, at.disk, at.here);
    const std::vector<std::size_t> sizes = {0, 1, 1196, 1468, 8996, max_packet};
    for (const std::size_t size : sizes) at.here.say(there.path(), sample(size));
    here.link.notify();
    at.loop.run_until([&] { return at.here.count() == sizes.size(); });
    const auto heard = at.there.heard(), echoed = at.here.heard();
    REQUIRE(heard.size() == sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        CAPTURE(sizes[i]);
        CHECK(heard[i].bytes == sample(sizes[i]));
        CHECK(heard[i].path.remote == here.link.local());
        CHECK(echoed[i].bytes == sample(sizes[i]));
        CHECK(echoed[i].path.remote == there.link.local());
    }
}

TEST_CASE("Many packets arrive alike with and without segmentation and batches") {
    constexpr std::size_t count = 100;  // as many as fit in a receive buffer of a default kernel
    const bool segmentation = GENERATE(true, false);
    const bool batches = GENERATE(true, false);
    CAPTURE(segmentation, batches);
    UdpLinkOptions options;
    options.segmentation = segmentation;
    options.batches = batches;
    Fixture at;
    const RunningLink there(at.loop, at.disk, at.there, "127.0.0.1", options);
    RunningLink here(at.loop, at.disk, at.here, "127.0.0.1", options);
    std::vector<std::string> packets;
    for (std::size_t i = 0; i < count; ++i) packets.push_back(numbered(i, i == 70 ? 700 : 1200));
    for (const auto& packet : packets) at.here.say(there.path(), packet);
    here.link.notify();
    at.loop.run_until([&] { return at.there.count() == count; });
    std::vector<std::string> heard;
    for (const auto& datagram : at.there.heard()) heard.push_back(datagram.bytes);
    std::ranges::sort(heard);
    CHECK(heard == packets);
    here.link.stop();
    here.finish();
    const auto counters = here.link.counters();
    CHECK(counters.sent == count);
    CHECK(counters.sent_bytes == (count - 1) * 1204 + 704);
    if (!batches) CHECK(counters.send_calls >= (segmentation ? 3 : count));
    if (batches) CHECK(counters.send_calls <= 4);  // 2, and as many where the kernel cannot segment
}

TEST_CASE("What the kernel refuses to segment goes datagram by datagram") {
    Fixture at;
    const RunningLink there(at.loop, at.disk, at.there);
    UdpLinkOptions options;
    auto socket = UdpSocket::open(at.loop.executor(), udp_address("127.0.0.1"), options);
    REQUIRE(socket.has_value());
    // Without checksums there is no segmentation, says Linux (EINVAL, or EIO before 2019).
    const int on = 1;
    REQUIRE(::setsockopt(socket->descriptor(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on) == 0);
    UdpBatch batch;
    for (std::size_t i = 0; i < 50; ++i) {
        std::ranges::copy(as_bytes(numbered(i, 500)), batch.room(500).begin());
        batch.add(there.path(), 500);
    }
    batch.seal();
    REQUIRE(batch.pieces().size() == 1);
    UdpOutbox outbox(options);
    UdpCounters counters;
    CHECK(outbox.send(*socket, batch, at.here, counters) == UdpOutbox::End::sent);
    at.loop.run_until([&] { return at.there.count() == 50; });
    CHECK(counters.sent == 50);
    CHECK(counters.send_errors == 0);
    const auto calls = counters.send_calls;
    CHECK(outbox.send(*socket, batch, at.here, counters) == UdpOutbox::End::sent);
    CHECK(counters.send_calls == calls + 1);  // it is not tried again
}

TEST_CASE("Datagrams with a wrong seal are no packets, and do no harm") {
    Fixture at;
    const RunningLink there(at.loop, at.disk, at.there);
    BareUdp bare(at.loop);
    const std::vector<std::string> wrong = {"", "abc", "abcd", "a name", sample(1472)};
    for (const auto& datagram : wrong) bare.send(there.link.local(), datagram);
    bare.send_sealed(there.link.local(), "a packet");
    at.loop.run_until([&] { return at.there.count() == 1; });
    CHECK(at.there.heard()[0].bytes == "a packet");
    const auto unsealed = at.there.unsealed();
    REQUIRE(unsealed.size() == wrong.size());
    for (std::size_t i = 0; i < wrong.size(); ++i) CHECK(unsealed[i].bytes == wrong[i]);
}

TEST_CASE("What no network takes is reported, and the rest goes") {
    if (!has_ipv6()) return;
    Fixture at;
    const RunningLink there(at.loop, at.disk, at.there, "::1");
    RunningLink here(at.loop, at.disk, at.here, "::1");
    at.here.say(there.path(), sample(1200));
    at.here.say(there.path(), sample(max_packet));  // with IPv6's header more than loopback's MTU
    at.here.say(there.path(), sample(1201));
    here.link.notify();
    at.loop.run_until([&] { return at.there.count() == 2; });
    CHECK(at.here.too_big() == std::vector<std::size_t>{max_packet});
    here.link.stop();
    here.finish();
    CHECK(here.link.counters().too_big == 1);
    CHECK(here.link.counters().sent == 2);
}

TEST_CASE("What cannot be sent at all is lost, and the rest goes") {
    Fixture at;
    const RunningLink there(at.loop, at.disk, at.there);
    RunningLink here(at.loop, at.disk, at.here);
    at.here.say({udp_address("255.255.255.255", 9), {}}, "forbidden without SO_BROADCAST");
    at.here.say(there.path(), "a packet");
    here.link.notify();
    at.loop.run_until([&] { return at.there.count() == 1; });
    here.link.stop();
    here.finish();
    CHECK(here.link.counters().send_errors == 1);
}

TEST_CASE("The answer comes from the address that was asked") {
    const std::string any = GENERATE("0.0.0.0", "::");
    CAPTURE(any);
    if (any == "::" && !has_ipv6()) return;
    Fixture at;
    at.there.echoes = true;
    const RunningLink there(at.loop, at.disk, at.there, any);
    std::vector<std::string> hosts = {"127.0.0.1", "127.0.0.2", "127.9.9.9"};
    if (any == "::") hosts.push_back("::1");
    for (const auto& host : hosts) {
        CAPTURE(host);
        BareUdp bare(at.loop, host == "::1" ? host : "127.0.0.5");
        const UdpAddress asked = there.path(host).remote;
        bare.send_sealed(asked, "who is there");
        UdpAddress answered;
        CHECK(bare.hear(&answered) == "who is there");
        CHECK(answered == asked);
        CHECK(at.there.heard().back().path.remote == UdpAddress(bare.socket.local_endpoint()));
    }
}

TEST_CASE("A notice from any thread wakes a link that waits, and none is lost") {
    Fixture at;
    const RunningLink there(at.loop, at.disk, at.there);
    RunningLink here(at.loop, at.disk, at.here);
    constexpr std::size_t count = 2000;
    std::thread other([&] {
        for (std::size_t i = 0; i < count; ++i) {
            at.here.say(there.path(), numbered(i, 10));
            here.link.notify();
            // One at a time, so that the link comes to wait again and again.
            const auto end = Clock::now() + Loop::patience;
            while (at.there.count() <= i && Clock::now() < end) std::this_thread::yield();
        }
    });
    at.loop.run_until([&] { return at.there.count() == count; });
    other.join();
}

TEST_CASE("A link stops, from wherever it is told to") {
    Fixture at;
    RunningLink here(at.loop, at.disk, at.here);
    at.loop.poll();
    SECTION("by the network thread") { here.link.stop(); }
    SECTION("by another one") {
        std::thread([&] { here.link.stop(); }).join();
    }
    here.finish();
    at.loop.run(here.link.run(at.here));  // from now on at once
}

TEST_CASE("A handler may stop the link, and what it throws comes out of it") {
    Fixture at;
    auto opened = UdpLink::open(at.loop.executor(), at.disk, udp_address("127.0.0.1"), {});
    REQUIRE(opened.has_value());
    UdpLink& link = *opened;
    SECTION("stop") {
        at.here.on_produce = [&](Clock::time_point) { link.stop(); };
        at.loop.run(link.run(at.here));
    }
    SECTION("throw") {
        at.here.on_produce = [&](Clock::time_point) { throw std::runtime_error("disk on fire"); };
        CHECK_THROWS_WITH(at.loop.run(link.run(at.here)), "disk on fire");
    }
}

TEST_CASE("A cancelled link ends with operation_aborted") {
    Fixture at;
    auto opened = UdpLink::open(at.loop.executor(), at.disk, udp_address("127.0.0.1"), {});
    REQUIRE(opened.has_value());
    asio::cancellation_signal signal;
    const auto running = at.loop.start(opened->run(at.here), signal.slot());
    at.loop.after(10ms, [&] { signal.emit(asio::cancellation_type::terminal); });
    at.loop.finish(running);
    CHECK(running->thrown_code() == asio::error::operation_aborted);
}

TEST_CASE("An address that is in use is said to be, by name") {
    Fixture at;
    auto first = UdpLink::open(at.loop.executor(), at.disk, udp_address("127.0.0.1"), {});
    REQUIRE(first.has_value());
    const auto second = UdpLink::open(at.loop.executor(), at.disk, first->local(), {});
    REQUIRE(second.has_error());
    CHECK(second.error() == Errc::failed);
    CHECK(second.error().context ==
          "cannot use UDP at " + to_string(first->local()) + ": Address already in use");
}

TEST_CASE("Deadlines are kept, to a fraction of a millisecond and never early") {
    Fixture at;
    constexpr std::size_t count = 100;
    std::vector<double> late;  // microseconds
    Clock::time_point due = Clock::now() + 1ms;
    at.here.on_produce = [&](Clock::time_point now) {
        if (now < due || late.size() == count) return;
        late.push_back(std::chrono::duration<double, std::micro>(now - due).count());
        due = Clock::now() + 1ms;
    };
    std::atomic<bool> done = false;
    at.here.deadline = [&] {
        done = late.size() == count;
        return done ? Clock::time_point::max() : due;
    };
    const RunningLink here(at.loop, at.disk, at.here);
    at.loop.run_until([&] { return done.load(); });
    std::ranges::sort(late);
    INFO("median " << late[count / 2] << " us, 95 of 100 " << late[95] << " us");
    CHECK(late.front() >= 0);
    CHECK(late[count / 2] < 5000);  // a busy machine with sanitizers; 100 us where nobody else runs
}

TEST_CASE("A datagram is as old as the kernel says, not as the look at it") {
    Loop loop;
    auto socket = UdpSocket::open(loop.executor(), udp_address("127.0.0.1"), {});
    REQUIRE(socket.has_value());
    BareUdp bare(loop);
    UdpInbox inbox(true);
    std::chrono::nanoseconds age{};
    Clock::duration most{};
    loop.run_until([&] {  // the kernel takes a moment until it begins to note times
        const auto before = Clock::now();
        bare.send_sealed(socket->local(), "a packet");
        while (Clock::now() < before + 10ms) std::this_thread::yield();
        REQUIRE(inbox.receive(*socket) == 1);
        age = inbox.piece(0, socket->local()).age;
        most = Clock::now() - before;
        return age >= 5ms;
    });
    CHECK(age <= most);
}

TEST_CASE("A flood of rubbish does not keep packets out") {
    Fixture at;
    at.there.echoes = true;
    const RunningLink there(at.loop, at.disk, at.there);
    const UdpAddress target = there.link.local();
    std::atomic<bool> enough = false;
    std::atomic<std::uint64_t> rubbish = 0;
    std::thread flood([&] {
        asio::io_context io;
        asio::basic_datagram_socket<Udp, Executor> socket(io, Udp::v4());
        const std::string datagram = sample(1200);
        while (!enough) {
            error_code ignored;
            socket.send_to(asio::buffer(datagram), target.endpoint(), 0, ignored);
            ++rubbish;
        }
    });
    BareUdp bare(at.loop);
    std::size_t tries = 0;
    std::string answer;
    for (int i = 0; i < 20 || rubbish < 2000; ++i) {
        const std::string question = std::to_string(i);
        auto next_try = Clock::now();
        at.loop.run_until([&] {
            if (Clock::now() >= next_try) {  // again and again, as a protocol would
                ++tries;
                bare.send_sealed(target, question);
                next_try = Clock::now() + 5ms;
            }
            std::string datagram(100, '\0');
            error_code error;
            const std::size_t size = bare.socket.receive(asio::buffer(datagram), 0, error);
            return !error && datagram.substr(0, size).starts_with(question);
        });
    }
    enough = true;
    flood.join();
    INFO(rubbish << " datagrams of rubbish, " << tries << " tries");
    CHECK(rubbish > 100);
    at.loop.run_until([&] { return !at.there.unsealed().empty(); });
}

}  // namespace netcopy::test
