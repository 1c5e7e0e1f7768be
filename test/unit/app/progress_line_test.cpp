#include <catch2/catch.hpp>

#include "app/render.hpp"
#include "app/utf8.hpp"

using namespace netcopy;
using namespace netcopy::app;
using namespace std::chrono_literals;

TEST_CASE("bytes have at most three digits and a binary unit") {
    const auto [bytes, expected] =
        GENERATE(table<std::uint64_t, const char*>({{0, "0 B"},
                                                    {1, "1 B"},
                                                    {1023, "1023 B"},
                                                    {1024, "1 KiB"},
                                                    {1536, "1.5 KiB"},
                                                    {10 * 1024 + 512, "10.5 KiB"},
                                                    {999 * 1024, "999 KiB"},
                                                    {1000 * 1024, "0.977 MiB"},
                                                    {1023 * 1024, "0.999 MiB"},
                                                    {1024 * 1024 - 1, "1 MiB"},
                                                    {1048576, "1 MiB"},
                                                    {1073741824, "1 GiB"},
                                                    {671088640, "640 MiB"},
                                                    {std::uint64_t{5} << 40, "5 TiB"},
                                                    {std::uint64_t{1} << 50, "1 PiB"},
                                                    {UINT64_MAX, "16 EiB"}}));
    CAPTURE(bytes);
    CHECK(format_bytes(bytes) == expected);
}

TEST_CASE("no number of bytes takes more than nine characters") {
    for (std::uint64_t bytes = 1; bytes < UINT64_MAX / 3; bytes += bytes / 7 + 1) {
        const std::string text = format_bytes(bytes);
        if (text.size() > 9) FAIL(bytes << " is " << text);
    }
}

TEST_CASE("durations are in minutes and seconds, with hours where there are some") {
    CHECK(format_duration(0s) == "0:00");
    CHECK(format_duration(5s) == "0:05");
    CHECK(format_duration(65s) == "1:05");
    CHECK(format_duration(3599s) == "59:59");
    CHECK(format_duration(3725s) == "1:02:05");
    CHECK(format_duration(100h) == "100:00:00");
    CHECK(format_duration(-1s) == "0:00");
}

namespace {

ProgressView half(std::string_view label) {
    return {.label = label, .bytes = 512 << 20, .total = 1 << 30, .rate = 64 << 20};
}

}  // namespace

TEST_CASE("the line has label, bar, share, bytes, rate and the time to come") {
    CHECK(progress_line(half("big.iso"), 80) ==
          "big.iso  [==============>              ]   50%    512 MiB     64 MiB/s  ETA 0:08");
}

TEST_CASE("a stalled transfer says so instead of guessing a time") {
    ProgressView view = half("big.iso");
    view.stalled = true;
    const std::string line = progress_line(view, 80);
    CHECK(line.ends_with("/s  stalled"));
    CHECK(line.find("ETA") == std::string::npos);
}

TEST_CASE("without a total there is neither bar nor share, but the time so far") {
    const ProgressView view{.label = "-", .bytes = 1536, .total = {}, .rate = 1024, .elapsed = 65s};
    CHECK(progress_line(view, 80) == "-    1.5 KiB      1 KiB/s  1:05");
}

TEST_CASE("a rate of nothing gives no time") {
    ProgressView view = half("big.iso");
    view.rate = 0;
    CHECK(progress_line(view, 80).ends_with("ETA -:--"));
}

TEST_CASE("an empty file and one that grew are done") {
    ProgressView view{.label = "x", .bytes = 0, .total = 0};
    CHECK(progress_line(view, 80).find(" 100%") != std::string::npos);
    view.bytes = 20;
    view.total = 10;
    const std::string line = progress_line(view, 80);
    CHECK(line.find(" 100%") != std::string::npos);
    CHECK(line.ends_with("ETA 0:00"));
}

TEST_CASE("the line is never wider than the screen") {
    const std::string label =
        GENERATE(as<std::string>(), "", "x",
                 "a-file-name-of-a-length-that-no-80-columns-have-place-for.tar.gz",
                 "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e",
                 "e\u0301e\u0301");
    ProgressView view = half(label);
    view.bytes = GENERATE(0u, 1u << 29, 1023u << 10);
    view.stalled = GENERATE(true, false);
    if (GENERATE(true, false)) view.total.reset();
    view.rate = GENERATE(0.0, 1.0, 1e9, 1e18);
    for (int width = 1; width < 200; ++width) {
        const std::string line = progress_line(view, width);
        if (columns(line) > width) FAIL("too wide for " << width << ": " << line);
    }
}

TEST_CASE("a narrow screen keeps the share and the time, a very narrow one the share") {
    CHECK(progress_line(half("big.iso"), 30) == "big.iso   50%  ETA 0:08");
    CHECK(progress_line(half("big.iso"), 14) == "big.iso   50%");
    CHECK(progress_line(half("big.iso"), 4) == " 50%");
}

TEST_CASE("a long name leaves a bar on 80 columns") {
    const std::string line = progress_line(half(std::string(200, 'x')), 80);
    CHECK(columns(line) == 80);
    CHECK(line.find("[========>        ]") != std::string::npos);
    CHECK(line.find("\u2026  [") != std::string::npos);
}

TEST_CASE("a steady rate is shown from the first moment") {
    RateMeter meter;
    Clock::time_point now{};
    meter.add(0, now);
    CHECK(meter.rate() == 0);
    for (int i = 1; i <= 100; ++i) {
        now += 100ms;
        meter.add(static_cast<std::uint64_t>(i) * 1'000'000, now);
        CHECK(meter.rate() == Approx(10'000'000));
    }
}

TEST_CASE("the rate does not depend on how often it is asked") {
    RateMeter often, seldom;
    Clock::time_point now{};
    const auto bytes_at = [](int tenths) {
        return static_cast<std::uint64_t>(tenths < 300 ? tenths * 100
                                                       : 30'000 + (tenths - 300) * 400);
    };
    for (int tenths = 0; tenths <= 600; ++tenths) {
        often.add(bytes_at(tenths), now + tenths * 100ms);
        if (tenths % 10 == 0) seldom.add(bytes_at(tenths), now + tenths * 100ms);
    }
    CHECK(often.rate() == Approx(seldom.rate()).epsilon(0.001));
    CHECK(often.rate() > 3500);  // has followed from 1,000 to nearly 4,000 in 30 s
    CHECK(often.rate() < 4000);
}

TEST_CASE("a transfer is stalled after five seconds without a byte, until the next one") {
    RateMeter meter;
    const Clock::time_point start{};
    CHECK_FALSE(meter.stalled(start));
    meter.add(100, start);
    meter.add(200, start + 1s);
    CHECK_FALSE(meter.stalled(start + 5999ms));
    meter.add(200, start + 6s);
    CHECK(meter.stalled(start + 6s));
    meter.add(201, start + 7s);
    CHECK_FALSE(meter.stalled(start + 7s));
}

TEST_CASE("a counter that starts anew is no burst") {
    RateMeter meter;
    const Clock::time_point start{};
    meter.add(0, start);
    meter.add(1000, start + 1s);
    meter.add(10, start + 2s);
    CHECK(meter.rate() <= 1000);
}

TEST_CASE("a rate is shown in bytes a second, whatever it is") {
    CHECK(format_rate(0) == "0 B/s");
    CHECK(format_rate(1536.9) == "1.5 KiB/s");
    CHECK(format_rate(-1) == "0 B/s");
    CHECK(format_rate(1e300) == format_rate(1e18));
}

TEST_CASE("a clock that stands still does not divide by nothing") {
    RateMeter meter;
    const Clock::time_point now{};
    meter.add(0, now);
    meter.add(1000, now);
    CHECK(meter.rate() == 0);
    meter.add(1000, now + 1s);
    CHECK(meter.rate() == Approx(1000));
}

TEST_CASE("what a file waits for stands in the place of the time to come") {
    ProgressView view = half("big.iso");
    view.waiting_for = "hashing";
    view.stalled = true;
    CHECK(progress_line(view, 80).ends_with("  hashing"));
}

namespace {

TreeProgressView some_files() {
    return {.files = 12,
            .files_total = 345,
            .bytes = 1 << 30,
            .total = std::uint64_t{3} << 30,
            .rate = 128 << 20,
            .elapsed = 5s};
}

}  // namespace

TEST_CASE("the line for many files has files, bytes, rate and the time to come") {
    CHECK(tree_line(some_files(), 80) == "12/345 files, 1 GiB of 3 GiB, 128 MiB/s, ETA 0:16");
}

TEST_CASE("while files are counted the totals have a plus, and the time so far stands last") {
    TreeProgressView view = some_files();
    view.counting = true;
    CHECK(tree_line(view, 80) == "12/345+ files, 1 GiB of 3 GiB+, 128 MiB/s, 0:05");
}

TEST_CASE("what a pipe will bring is not known") {
    TreeProgressView view = some_files();
    view.total.reset();
    CHECK(tree_line(view, 80) == "12/345 files, 1 GiB, 128 MiB/s, 0:05");
}

TEST_CASE("many files can stall, or wait for something") {
    TreeProgressView view = some_files();
    view.stalled = true;
    CHECK(tree_line(view, 80) == "12/345 files, 1 GiB of 3 GiB, 128 MiB/s, stalled");
    view.waiting_for = "syncing";
    CHECK(tree_line(view, 80) == "12/345 files, 1 GiB of 3 GiB, 128 MiB/s, syncing");
}

TEST_CASE("the line for many files fits every width, and keeps the files longest") {
    for (int width = 0; width <= 100; ++width) {
        const std::string line = tree_line(some_files(), width);
        CAPTURE(width, line);
        CHECK(columns(line) <= width);
        if (width >= 12) CHECK(line.starts_with("12/345 files"));
    }
}

TEST_CASE("an amount is bytes, time and rate") {
    CHECK(amount_text(0, 0s) == "0 B in 0:00");
    CHECK(amount_text(5 << 20, 2s) == "5 MiB in 0:02 (2.5 MiB/s)");
    CHECK(amount_text(1024, 501ms) == "1 KiB in 0:01 (2 KiB/s)");
}
