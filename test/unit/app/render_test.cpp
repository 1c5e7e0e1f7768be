#include "app/render.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <iostream>

#include "app/options.hpp"
#include "test/unit/app/surroundings.hpp"

using namespace netcopy;
using namespace netcopy::app;
using namespace std::chrono_literals;
using test::output_of;
using test::screen_of;
using test::Variable;

namespace {

constexpr auto deadline = 20s;  // of one event; met at once unless something is broken

Report a_report() {
    Report report;
    report.bytes = 1536;
    report.took = 250ms;
    report.digests = {{"md5", "d41d8cd98f00b204e9800998ecf8427e"}, {"crc32", "00000000"}};
    report.verdict = "ok";
    return report;
}

/// Runs `work` with a Renderer of these options; the io_context is given too.
template <class Work>
auto rendering(const CommonOptions& options, Work work) {
    return [options, work] {
        asio::io_context io(1);
        Renderer output("receive", options, io);
        work(output, io);
    };
}

std::vector<boost::json::object> objects_of(const std::string& text) {
    std::vector<boost::json::object> objects;
    REQUIRE((text.empty() || text.back() == '\n'));
    for (std::size_t start = 0; start < text.size();) {
        const auto end = text.find('\n', start);
        objects.push_back(boost::json::parse(text.substr(start, end - start)).as_object());
        start = end + 1;
    }
    return objects;
}

CommonOptions quiet() {
    CommonOptions options;
    options.quiet = true;
    return options;
}

CommonOptions json() {
    CommonOptions options;
    options.json = true;
    return options;
}

}  // namespace

TEST_CASE("the listening line comes also when quiet") {
    const auto output = output_of(rendering(quiet(), [](Renderer& renderer, auto&) {
        renderer.listening({"127.0.0.1", 5000});
        renderer.listening({"::1", 65535});
    }));
    CHECK(output.err ==
          "netcopy receive: listening on 127.0.0.1:5000\n"
          "netcopy receive: listening on [::1]:65535\n");
    CHECK(output.out.empty());
}

TEST_CASE("a verdict is a line on stdout and nothing else is") {
    const auto output = output_of(rendering({}, [](Renderer& renderer, auto&) {
        renderer.event("accepted", "127.0.0.1:1");
        renderer.verdict("CSUM OK", a_report());
        renderer.end(a_report());
    }));
    CHECK(output.out == "CSUM OK\n");
    CHECK(output.err.empty());
}

TEST_CASE("quiet keeps errors and results") {
    const auto output = output_of(rendering(quiet(), [](Renderer& renderer, auto&) {
        renderer.error(make_error(Errc::unreachable, "cannot connect"));
        renderer.verdict("CSUM OK", a_report());
    }));
    CHECK(output.out == "CSUM OK\n");
    CHECK(output.err == "netcopy receive: cannot connect\n");
}

TEST_CASE("an error without words of its own has its kind's") {
    const auto output = output_of(rendering({}, [](Renderer& renderer, auto&) {
        renderer.error({make_error_code(Errc::timed_out), ""});
    }));
    CHECK(output.err == "netcopy receive: timed out\n");
}

TEST_CASE("with --json stdout is objects, one a line, and the last one is the end") {
    const auto output = output_of(rendering(json(), [](Renderer& renderer, auto&) {
        renderer.listening({"::1", 5000});
        renderer.event("accepted", "[::1]:4711");
        Report report = a_report();
        report.peer = "[::1]:4711";
        renderer.verdict("CSUM OK", report);
        report.peer.clear();
        report.exit_status = 4;
        report.error = "it broke";
        renderer.end(report);
        renderer.end(a_report());
    }));
    CHECK(output.err == "netcopy receive: listening on [::1]:5000\n");
    const auto objects = objects_of(output.out);
    REQUIRE(objects.size() == 4);
    CHECK(objects[0] ==
          boost::json::object{
              {"event", "listening"}, {"command", "receive"}, {"address", "::1"}, {"port", 5000}});
    CHECK(objects[1] == boost::json::object{{"event", "accepted"}, {"peer", "[::1]:4711"}});
    const boost::json::object digests{{"md5", "d41d8cd98f00b204e9800998ecf8427e"},
                                      {"crc32", "00000000"}};
    CHECK(objects[2] == boost::json::object{{"event", "verdict"},
                                            {"command", "receive"},
                                            {"peer", "[::1]:4711"},
                                            {"bytes", 1536},
                                            {"seconds", 0.25},
                                            {"digests", digests},
                                            {"verdict", "ok"},
                                            {"exit_status", 0},
                                            {"error", nullptr}});
    CHECK(objects[3] == boost::json::object{{"event", "end"},
                                            {"command", "receive"},
                                            {"bytes", 1536},
                                            {"seconds", 0.25},
                                            {"digests", digests},
                                            {"verdict", "ok"},
                                            {"exit_status", 4},
                                            {"error", "it broke"}});
}

TEST_CASE("text that is no UTF-8 still gives valid JSON") {
    const auto output = output_of(rendering(json(), [](Renderer& renderer, auto&) {
        Report report = a_report();
        report.error = "'\xff\n\u00e4': no";
        renderer.end(report);
    }));
    CHECK(objects_of(output.out).at(0).at("error").as_string() == "'\\xff\n\u00e4': no");
}

TEST_CASE("printed text is all that there is, also with --json") {
    const auto output = output_of(rendering(json(), [](Renderer& renderer, auto&) {
        (void)renderer.print("a page\n");
        renderer.end(a_report());
    }));
    CHECK(output.out == "a page\n");
}

TEST_CASE("a result is a line or an object") {
    const auto work = [](Renderer& renderer, auto&) {
        (void)renderer.result("link", {{"path", "p\xff"}, {"target", "t"}}, "p -> t");
    };
    CHECK(output_of(rendering({}, work)).out == "p -> t\n");
    CHECK(objects_of(output_of(rendering(json(), work)).out).at(0) ==
          boost::json::object{{"event", "link"}, {"path", "p\\xff"}, {"target", "t"}});
}

TEST_CASE("a full stdout is said once on stderr") {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    bool printed = true;
    const auto output = output_of([&] {
        const test::Redirect redirect(stdout, full);
        rendering({}, [&](Renderer& renderer, auto&) {
            renderer.verdict("CSUM OK", a_report());
            renderer.verdict("CSUM OK", a_report());
            printed = renderer.print("text\n").has_value();
        })();
    });
    ::close(full);
    CHECK(output.err == "netcopy receive: cannot write to stdout: No space left on device\n");
    CHECK_FALSE(printed);
}

TEST_CASE("errors are coloured when asked, and with NO_COLOR only when asked") {
    const Variable no_color("NO_COLOR", "1"), term("TERM", "xterm");
    const auto work = [](Renderer& renderer, auto&) {
        renderer.error(make_error(Errc::failed, "no"));
    };
    CommonOptions options;
    CHECK(screen_of(rendering(options, work), 80) == "netcopy receive: no\r\n");
    options.color = "always";
    CHECK(output_of(rendering(options, work)).err == "\x1b[1;31mnetcopy receive:\x1b[0m no\n");
    const Variable none("NO_COLOR", nullptr);
    options.color = "auto";
    CHECK(screen_of(rendering(options, work), 80) == "\x1b[1;31mnetcopy receive:\x1b[0m no\r\n");
    CHECK(output_of(rendering(options, work)).err == "netcopy receive: no\n");
    options.color = "never";
    CHECK(screen_of(rendering(options, work), 80) == "netcopy receive: no\r\n");
}

namespace {

/// Shows 50 of 100 bytes for one tick, and says something meanwhile.
const auto one_tick = [](Renderer& renderer, asio::io_context& io) {
    Progress progress;
    progress.total = 100;
    const auto display = renderer.show("b\u00e4r\n.iso", progress);
    progress.bytes = 50;
    io.run_one_for(deadline);
    renderer.error(make_error(Errc::failed, "no"));
    std::clog << "a log "
              << "line" << std::endl;
    progress.bytes = 100;
    display->finish();
};

}  // namespace

TEST_CASE("on a terminal a bar is drawn, makes place for lines, and leaves one") {
    const Variable no_color("NO_COLOR", "1"), term("TERM", "xterm");
    const std::string screen = screen_of(rendering({}, one_tick), 80);
    const std::string erase = "\r\x1b[K";
    REQUIRE(screen.starts_with(erase + "b\u00e4r\\x0a.iso  ["));
    const auto first_end = screen.find(erase, 1);
    REQUIRE(first_end != std::string::npos);
    const std::string bar = screen.substr(erase.size(), first_end - erase.size());
    CHECK(bar.find(" 50%") != std::string::npos);
    const std::string rest = screen.substr(first_end);
    const std::string expected =
        erase + "netcopy receive: no\r\n" + bar + erase + "a log line\r\n" + bar + erase;
    REQUIRE(rest.size() > expected.size());
    CHECK(rest.substr(0, expected.size()) == expected);
    CHECK(rest.substr(expected.size()).starts_with("'b\u00e4r\\x0a.iso': 100 B in 0:0"));
    CHECK(rest.ends_with("/s\r\n"));
}

TEST_CASE("a transfer that was not finished leaves no line") {
    const Variable term("TERM", "xterm");
    const auto broken = [](Renderer& renderer, asio::io_context& io) {
        Progress progress;
        const auto display = renderer.show("x", progress);
        io.run_one_for(deadline);
    };
    const std::string screen = screen_of(rendering({}, broken), 80);
    CHECK(screen.find("0 B") != std::string::npos);
    CHECK(screen.ends_with("\r\x1b[K"));
    CHECK(output_of(rendering({}, broken)).err.empty());
}

TEST_CASE("no bar is drawn elsewhere, on a dumb terminal, when quiet, and with none") {
    const Variable term("TERM", GENERATE("xterm", "dumb"));
    const auto plain = output_of(rendering({}, one_tick));
    CHECK(plain.err.find('\r') == std::string::npos);
    CHECK(plain.err.find("'b\u00e4r\\x0a.iso': 100 B in 0:0") != std::string::npos);
    CHECK(plain.out.empty());

    CommonOptions none;
    none.progress = "none";
    none.color = "never";
    CommonOptions silent = quiet();
    silent.color = "never";
    for (const CommonOptions& options : {none, silent}) {
        const std::string screen = screen_of(rendering(options, one_tick), 80);
        CHECK(screen.find('\x1b') == std::string::npos);
        CHECK(screen.find("100 B") == std::string::npos);
    }
}

TEST_CASE("a dumb terminal gets plain lines even when a bar is asked for") {
    const Variable term("TERM", "dumb");
    CommonOptions options;
    options.progress = "bar";
    CHECK(screen_of(rendering(options, one_tick), 80).find('\x1b') == std::string::npos);
}

TEST_CASE("with --json progress is objects about every second") {
    const auto output = output_of(rendering(json(), one_tick));
    const auto objects = objects_of(output.out);
    REQUIRE(objects.size() == 1);
    CHECK(objects[0].at("event") == "progress");
    CHECK(objects[0].at("bytes") == 50);
    CHECK(objects[0].at("total") == 100);
    CHECK(objects[0].at("rate").to_number<double>() > 0);
    CHECK(output.err == "netcopy receive: no\na log line\n");
}

TEST_CASE("an unknown total is null") {
    const auto output = output_of(rendering(json(), [](Renderer& renderer, asio::io_context& io) {
        const Progress progress;
        const auto display = renderer.show("-", progress);
        io.run_one_for(deadline);
    }));
    CHECK(objects_of(output.out).at(0).at("total").is_null());
}

TEST_CASE("a display may go while its timer's handler is queued") {
    const Variable term("TERM", "xterm");
    const std::string screen =
        screen_of(rendering({},
                            [](Renderer& renderer, asio::io_context& io) {
                                const Progress progress;
                                auto display = renderer.show("x", progress);
                                // Both timers are due when the loop looks, and this one comes
                                // first.
                                Timer earlier(io.get_executor(), Clock::duration(0));
                                earlier.async_wait([&](const error_code&) { display.reset(); });
                                Timer(io.get_executor(), 300ms).wait();
                                io.run_for(deadline);
                            }),
                  80);
    CHECK(screen.empty());
}

TEST_CASE("a display may outlive its renderer") {
    const Variable term("TERM", "xterm");
    const std::string screen = screen_of(
        [] {
            asio::io_context io(1);
            const Progress progress;
            std::shared_ptr<Renderer::Display> display;
            {
                Renderer renderer("receive", CommonOptions{}, io);
                display = renderer.show("x", progress);
            }
            io.run_one_for(deadline);
            display.reset();
        },
        80);
    CHECK(screen.ends_with("\r\x1b[K"));
}

TEST_CASE("a second display meanwhile does not draw over the first") {
    const Variable term("TERM", "xterm");
    const std::string screen =
        screen_of(rendering({},
                            [](Renderer& renderer, asio::io_context& io) {
                                const Progress progress;
                                const auto first = renderer.show("first", progress);
                                const auto second = renderer.show("second", progress);
                                io.run_one_for(deadline);
                                second->finish();
                            }),
                  80);
    CHECK(screen.find("second") == screen.find("second': 0 B in 0:0"));
    CHECK(screen.find("first") != std::string::npos);
}
