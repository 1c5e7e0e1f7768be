#include "session/registry_announce.hpp"

#include "session/registry_client.hpp"
#include "test/unit/session/peers.hpp"
#include "test/unit/session/registry_fixture.hpp"
#include "test/unit/session/shared_folder_fixture.hpp"

// A file server's side, with netcopy's master and with others.

namespace netcopy::test {
namespace {

/// A shared folder, an announcer, and a master on another loop's port but the same thread.
struct Announcing {
    SharedFixture shared;
    RegistryFixture master;
    std::optional<Announcer> announcer;
    std::shared_ptr<Running<void>> running;
    AnnouncerPlan plan{.master = {}, .udp_port = 4433, .host = {}, .dialects = Dialects::netcopy};

    Announcing() {
        plan.first_pause = 20ms;
        plan.longest_pause = 100ms;
        shared.start();
    }
    ~Announcing() { stop(); }

    void put(const std::string& name, const std::string& content) {
        write_old_file(shared.folder / ".making", content);
        std::filesystem::rename(shared.folder / ".making", shared.folder / name);
        run_until([&] {
            const auto file = shared.shared->find(name);
            return file && file->md5 == md5_of(content);
        });
    }
    void start(const Endpoint& endpoint) {
        plan.master = endpoint;
        announcer.emplace(plan, *shared.shared, shared.loop.executor());
        running = shared.loop.start(announcer->run());
    }
    void stop() {
        if (!running) return;
        announcer->stop();
        run_until([&] { return running->done; });
        CHECK_FALSE(running->thrown);
        running.reset();
    }
    /// Both loops in turn.
    void run_until(const std::function<bool()>& done) {
        shared.loop.run_until([&] {
            master.loop.io.restart();
            master.loop.io.poll();
            return done();
        });
    }
    void await_names(const std::vector<std::string>& names) {
        run_until([&] { return master.names() == names; });
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a folder is announced with sizes, times and digests, and what changes in it") {
    Announcing of;
    of.put("a", "hello\n");
    of.put("b", "");
    of.master.start();
    of.start(of.master.endpoint);
    of.await_names({"a", "b"});
    of.run_until([&] { return of.announcer->registered(); });
    const auto entries = of.master.entries();
    CHECK(entries[0].size == 6);
    CHECK(entries[0].mtime == FileTime{1'700'000'000, 123'456'789});
    CHECK(entries[0].md5 == md5_of("hello\n"));
    CHECK(entries[0].sha256 == sha256_of("hello\n"));
    CHECK(entries[0].sources == std::vector{CatalogueSource{{"127.0.0.1", 4433}, false}});

    of.put("c", "new");
    of.await_names({"a", "b", "c"});
    std::filesystem::remove(of.shared.folder / "a");
    of.await_names({"b", "c"});
    of.put("b", "other");
    of.run_until([&] { return of.master.entries()[0].sha256 == sha256_of("other"); });
    std::filesystem::rename(of.shared.folder / "c", of.shared.folder / "d");
    of.await_names({"b", "d"});
}

TEST_CASE("an announcer that is stopped takes its files with it") {
    Announcing of;
    of.put("a", "a");
    of.master.start();
    of.start(of.master.endpoint);
    of.await_names({"a"});
    of.stop();
    CHECK_FALSE(of.announcer->registered());
    of.await_names({});
}

TEST_CASE("an announcer finds a master that comes late, and one that comes back") {
    Announcing of;
    of.put("a", "a");
    of.master.start();
    of.master.stop();
    of.start(of.master.endpoint);
    bool later = false;
    of.shared.loop.after(200ms, [&] { later = true; });
    of.run_until([&] { return later; });
    CHECK_FALSE(of.announcer->registered());
    for (int times = 0; times < 3; ++times) {
        of.master.start();
        of.await_names({"a"});
        of.run_until([&] { return of.announcer->registered(); });
        of.master.stop();
        of.run_until([&] { return !of.announcer->registered(); });
    }
}

TEST_CASE("an announcer can be stopped while nobody answers it") {
    Announcing of;
    ForeignServer silent(of.shared.loop,
                         [](Socket& socket, int) -> Task<> { co_await pause(socket, 1h); });
    of.start(silent.endpoint);
    of.run_until([&] { return silent.connections == 1; });
    const auto began = Clock::now();
    of.stop();
    CHECK(Clock::now() - began < 3s);
}

TEST_CASE("a master that says nothing any more is given up within three beats, and tried again") {
    Announcing of;
    Clock::time_point accepted, lost;
    ForeignServer mute(of.shared.loop, [&](Socket& socket, int number) -> Task<> {
        if (number > 0) co_return;
        co_await receive_once(socket);
        co_await send_all(socket, register_accepted + beat_line);
        accepted = Clock::now();
        for (std::string words = "?"; !words.empty();) words = co_await receive_once(socket);
        lost = Clock::now();
    });
    of.start(mute.endpoint);
    of.run_until([&] { return mute.connections >= 2; });
    CHECK(lost - accepted >= 5s);
    CHECK(lost - accepted < 8s);
    of.stop();
}

TEST_CASE("a master that has no room is asked again with growing pauses") {
    Announcing of;
    of.plan.first_pause = 100ms;
    of.plan.longest_pause = 1h;
    std::vector<Clock::time_point> asked;
    const std::string words = register_accepted + wire::line_of(wire::RegistryNo{"full", "no"});
    ForeignServer full(of.shared.loop, [&](Socket& socket, int) -> Task<> {
        asked.push_back(Clock::now());
        co_await receive_once(socket);
        co_await send_all(socket, words);
    });
    of.start(full.endpoint);
    of.run_until([&] { return asked.size() >= 4; });
    CHECK_FALSE(of.announcer->registered());
    // Each pause is twice as long as the one before, shortened by a half at the most.
    CHECK(asked[3] - asked[2] >= 200ms);
    of.stop();
}

TEST_CASE("a master that breaks the protocol or declines does not end the announcer") {
    Announcing of;
    ForeignServer bad(of.shared.loop, [](Socket& socket, int number) -> Task<> {
        co_await receive_once(socket);
        if (number == 0) co_await send_all(socket, "NETCOPY/1 no full come\\x20later\n");
        if (number == 1) co_await send_all(socket, register_accepted + "HELLO\n");
        if (number == 2) co_await send_all(socket, std::string(100'000, 'x'));
        if (number == 3) co_await send_all(socket, register_accepted + std::string(100'000, 'x'));
    });
    of.start(bad.endpoint);
    of.run_until([&] { return bad.connections >= 5; });
    of.stop();
}

TEST_CASE("a seed's master hears names one by one, and all of them anew when they change") {
    Announcing of;
    of.plan.dialects = Dialects::both;
    of.plan.host = "10.0.0.9";
    of.put("a", "a");
    of.put("b:c", "left out");
    of.put("end", "left out");
    std::vector<Names> heard;
    ForeignServer master(of.shared.loop, [&](Socket& socket, int) -> Task<> {
        Names names;
        for (;;) {
            const std::string message = co_await receive_once(socket);
            if (message.empty() || message.starts_with("NETCOPY/")) co_return;
            names.push_back(message);
            if (message == "end") heard.push_back(names);
            co_await send_all(socket, "OK");
        }
    });
    of.start(master.endpoint);
    of.run_until([&] { return of.announcer->registered(); });
    CHECK(heard == std::vector<Names>{{"FS, Listen client at 10.0.0.9:4433", "a", "end"}});
    of.put("new", "new");
    of.run_until([&] { return heard.size() >= 2 && heard.back().size() == 4; });
    CHECK(heard.back() == Names{"FS, Listen client at 10.0.0.9:4433", "a", "new", "end"});
    of.stop();
}

TEST_CASE("a file server without the seed's protocol says nothing of it to a seed's master") {
    Announcing of;
    Names heard;
    ForeignServer master(of.shared.loop, [&](Socket& socket, int) -> Task<> {
        const std::string message = co_await receive_once(socket);
        heard.push_back(message);
        co_await send_all(socket, "OK");
    });
    of.start(master.endpoint);
    of.run_until([&] { return master.connections >= 3; });
    of.stop();
    for (const std::string& message : heard) CHECK(message == register_opening);
}

}  // namespace netcopy::test
