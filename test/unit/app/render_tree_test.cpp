#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <iostream>

#include "app/options.hpp"
#include "app/render.hpp"
#include "test/unit/app/surroundings.hpp"

using namespace netcopy;
using namespace netcopy::app;
using namespace std::chrono_literals;
using test::output_of;
using test::screen_of;
using test::Variable;

namespace {

constexpr auto deadline = 20s;  // of one event; met at once unless something is broken

template <class Work>
auto rendering(const CommonOptions& options, Work work) {
    return [options, work] {
        asio::io_context io(1);
        Renderer output("send", options, io);
        work(output, io);
    };
}

CommonOptions with(bool CommonOptions::*flag) {
    CommonOptions options;
    options.*flag = true;
    return options;
}

/// Three of four files are done, and two of them are shown, for one tick.
const auto one_tick = [](Renderer& renderer, asio::io_context& io) {
    TreeProgress progress;
    progress.files = 3;
    progress.files_total = 4;
    progress.total = 4096;
    progress.counting = false;
    const auto first = progress.begin("a\xff.iso", 2048);
    const auto second = progress.begin("b.iso", 100);
    second->phase = Phase::hashing;
    const auto display = renderer.show(progress);
    progress.bytes = 1024;
    first->bytes = 512;
    io.run_one_for(deadline);
    renderer.error(make_error(Errc::failed, "no"));
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t start = 0; start <= text.size();) {
        const auto end = std::min(text.find("\r\n", start), text.size());
        lines.push_back(text.substr(start, end - start));
        start = end + 2;
    }
    return lines;
}

}  // namespace

TEST_CASE("on a tall terminal each file under way has a line above the whole's") {
    const Variable term("TERM", "xterm"), no_color("NO_COLOR", "1");
    const auto lines = lines_of(screen_of(rendering({}, one_tick), 80));
    REQUIRE(lines.size() == 6);
    CHECK(lines[0].starts_with("\r\x1b[Ka\\xff.iso  ["));
    CHECK(lines[0].find(" 25%") != std::string::npos);
    CHECK(lines[1].starts_with("b.iso  ["));
    CHECK(lines[1].ends_with("  hashing"));
    const std::string whole = "3/4 files, 1 KiB of 4 KiB, ", up = "\r\x1b[2A\x1b[J";
    CHECK(lines[2].starts_with(whole));
    CHECK(lines[2].ends_with(up + "netcopy send: no"));
    CHECK("\r\x1b[K" + lines[3] == lines[0]);
    CHECK(lines[5].starts_with(whole));
    CHECK(lines[5].ends_with(up));
}

TEST_CASE("a low terminal has room for the whole only") {
    const Variable term("TERM", "xterm"), no_color("NO_COLOR", "1");
    const auto lines = lines_of(screen_of(rendering({}, one_tick), 80, 11));
    CHECK(lines[0].starts_with("\r\x1b[K3/4 files, "));
    CHECK(lines.size() == 2);
}

TEST_CASE("what all files wait for is said of the whole") {
    const Variable term("TERM", "xterm"), no_color("NO_COLOR", "1");
    const auto work = [](Renderer& renderer, asio::io_context& io) {
        TreeProgress progress;
        const auto file = progress.begin("a", 10);
        file->phase = Phase::syncing;
        const auto display = renderer.show(progress);
        io.run_one_for(deadline);
    };
    CHECK(screen_of(rendering({}, work), 80).find("0 B/s, syncing") != std::string::npos);
}

TEST_CASE("elsewhere nothing is drawn and no line stays") {
    const auto output = output_of(rendering({}, one_tick));
    CHECK(output.err == "netcopy send: no\n");
    CHECK(output.out.empty());
}

TEST_CASE("with --json the progress of many files has files, too") {
    const auto output = output_of(rendering(with(&CommonOptions::json), one_tick));
    const auto event = boost::json::parse(output.out).as_object();
    CHECK(event.at("event") == "progress");
    CHECK(event.at("bytes") == 1024);
    CHECK(event.at("total") == 4096);
    CHECK(event.at("files") == 3);
    CHECK(event.at("files_total") == 4);
    CHECK(event.at("counting") == false);
    CHECK(event.contains("rate"));
    CHECK(event.size() == 7);
}

TEST_CASE("a remark is for people who did not ask for quiet or JSON") {
    const auto work = [](Renderer& renderer, auto&) { renderer.remark("5 files"); };
    CHECK(output_of(rendering({}, work)).err == "netcopy send: 5 files\n");
    for (const auto flag : {&CommonOptions::json, &CommonOptions::quiet}) {
        const auto output = output_of(rendering(with(flag), work));
        CHECK(output.err.empty());
        CHECK(output.out.empty());
    }
}

TEST_CASE("a file of many is an object with --json, else the line given") {
    const auto work = [](Renderer& renderer, auto&) {
        FileReport report;
        report.name = "a\xff";
        report.outcome = "sent";
        report.bytes = 7;
        report.digests = {{"sha256", "00"}};
        renderer.file(report, "send a");
        report.outcome = "failed";
        report.error = "gone";
        renderer.file(report);
    };
    CHECK(output_of(rendering({}, work)).out == "send a\n");
    CHECK(output_of(rendering(with(&CommonOptions::json), work)).out ==
          R"({"event":"file","name":"a\\xff","outcome":"sent","bytes":7,"digests":{"sha256":"00"},)"
          R"("error":null})"
          "\n"
          R"({"event":"file","name":"a\\xff","outcome":"failed","bytes":7,)"
          R"("digests":{"sha256":"00"},"error":"gone"})"
          "\n");
}

TEST_CASE("the end of a run with many files has counts in the place of digests") {
    const auto output =
        output_of(rendering(with(&CommonOptions::json), [](Renderer& renderer, auto&) {
            Report report;
            report.counts = {{"files", 5}, {"sent", 3}};
            report.verdict = "sent";
            renderer.end(report);
        }));
    const auto end = boost::json::parse(output.out).as_object();
    CHECK(end.at("files") == 5);
    CHECK(end.at("sent") == 3);
    CHECK_FALSE(end.contains("digests"));
}
