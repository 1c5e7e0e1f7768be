#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "app/progress_line.hpp"
#include "app/utf8.hpp"

namespace netcopy::app {
namespace {

using namespace std::chrono_literals;

constexpr int narrowest_label = 8;
constexpr int narrowest_bar = 10;
constexpr int middling_bar = 20;
constexpr int widest_bar = 40;
constexpr auto stall_time = 5s;
constexpr auto longest_eta = 100h;

std::string right_aligned(const std::string& text, std::size_t width) {
    return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

std::string percent_text(double share) {
    return right_aligned(std::to_string(static_cast<int>(share * 100)) + "%", 4);
}

std::string eta_text(std::uint64_t bytes, std::uint64_t total, double rate) {
    const auto left = static_cast<double>(total - std::min(total, bytes));
    const double seconds = rate > 0 ? left / rate : HUGE_VAL;
    if (left > 0 && seconds > std::chrono::duration<double>(longest_eta).count()) return "ETA -:--";
    const auto rounded = static_cast<std::int64_t>(left > 0 ? std::ceil(seconds) : 0);
    return "ETA " + format_duration(std::chrono::seconds(rounded));
}

std::string time_text(const ProgressView& view) {
    if (!view.waiting_for.empty()) return std::string(view.waiting_for);
    if (view.stalled) return "stalled";
    if (!view.total) return format_duration(view.elapsed);
    return eta_text(view.bytes, *view.total, view.rate);
}

std::string time_text(const TreeProgressView& view) {
    if (!view.waiting_for.empty()) return std::string(view.waiting_for);
    if (view.stalled) return "stalled";
    if (view.counting || !view.total) return format_duration(view.elapsed);
    return eta_text(view.bytes, *view.total, view.rate);
}

/// The figures behind the bar: all of them, or as many as `room` has place for.
std::string figures(const ProgressView& view, std::optional<double> share, int room) {
    const std::string bytes = right_aligned(format_bytes(view.bytes), 9);
    const std::string rate = right_aligned(format_rate(view.rate), 11);
    const std::string first = share ? percent_text(*share) : bytes;
    const std::string time = time_text(view);
    const std::string fullest = (share ? first + "  " + bytes : first) + "  " + rate + "  " + time;
    const std::array<std::string, 3> shapes = {fullest, first + "  " + rate + "  " + time,
                                               first + "  " + time};
    for (const std::string& shape : shapes) {
        if (static_cast<int>(shape.size()) <= room) return shape;
    }
    return first;
}

std::string bar(double share, int width) {
    const int inside = width - 2;
    const int filled = static_cast<int>(share * inside);
    std::string out = "[" + std::string(static_cast<std::size_t>(filled), '=');
    if (filled < inside) out += '>';
    out.resize(static_cast<std::size_t>(inside) + 1, ' ');
    return out + "]";
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
    if (bytes < 1024) return std::to_string(bytes) + " B";
    constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 999.5) {  // which would be rounded to four digits
        value /= 1024;
        ++unit;
    }
    // UINT64_MAX is 16 EiB, so that the units suffice.
    char digits[16];
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    std::snprintf(digits, sizeof digits, "%.*f", value < 0.9995 ? 3 : decimals, value);
    std::string text = digits;
    if (text.find('.') != std::string::npos) {
        text.resize(text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) text.pop_back();
    }
    return text + " " + units.at(unit);
}

std::string format_rate(double bytes_a_second) {
    constexpr double most = 1e18;  // what a uint64_t surely holds
    return format_bytes(static_cast<std::uint64_t>(std::clamp(bytes_a_second, 0.0, most))) + "/s";
}

std::string format_duration(std::chrono::seconds time) {
    const auto seconds = std::max<std::int64_t>(time.count(), 0);
    const auto two = [](std::int64_t value) { return std::to_string(100 + value).substr(1); };
    const std::string rest = ":" + two(seconds % 60);
    if (seconds < 3600) return std::to_string(seconds / 60) + rest;
    return std::to_string(seconds / 3600) + ":" + two(seconds / 60 % 60) + rest;
}

std::string amount_text(std::uint64_t bytes, std::chrono::duration<double> took) {
    std::string text = format_bytes(bytes) + " in " +
                       format_duration(std::chrono::round<std::chrono::seconds>(took));
    if (bytes == 0 || took.count() <= 0) return text;
    return text + " (" + format_rate(static_cast<double>(bytes) / took.count()) + ")";
}

std::string progress_line(const ProgressView& view, int width) {
    std::optional<double> share;
    if (view.total) {
        share =
            *view.total == 0
                ? 1.0
                : std::min(1.0, static_cast<double>(view.bytes) / static_cast<double>(*view.total));
    }
    const int label_columns = columns(view.label);
    const int label_least = std::min(label_columns, narrowest_label);
    const std::string right = figures(view, share, width - label_least - 2);
    const int room = width - static_cast<int>(right.size()) - 2;  // for label and bar
    if (room < 1) return fit(right, width);

    const bool has_bar = share && room - label_least - 2 >= narrowest_bar;
    if (!has_bar) return fit(view.label, room) + "  " + right;
    // A long name leaves half of the room to the bar, but not more than a middling one needs.
    const int bar_least = std::max(narrowest_bar, std::min(middling_bar, (room - 2) / 2));
    const std::string label = fit(view.label, std::max(label_least, room - 2 - bar_least));
    const int bar_width = std::min(widest_bar, room - 2 - columns(label));
    return label + "  " + bar(*share, bar_width) + "  " + right;
}

std::string tree_line(const TreeProgressView& view, int width) {
    const std::string more = view.counting ? "+" : "";
    const std::string files =
        std::to_string(view.files) + "/" + std::to_string(view.files_total) + more + " files";
    std::string bytes = format_bytes(view.bytes);
    if (view.total) bytes += " of " + format_bytes(*view.total) + more;
    const std::string rate = format_rate(view.rate);
    const std::string time = time_text(view);
    const std::array<std::string, 4> shapes = {
        files + ", " + bytes + ", " + rate + ", " + time,
        files + ", " + format_bytes(view.bytes) + ", " + rate + ", " + time,
        files + ", " + rate + ", " + time, files + ", " + time};
    for (const std::string& shape : shapes) {
        if (static_cast<int>(shape.size()) <= width) return shape;
    }
    return fit(files, width);
}

void RateMeter::add(std::uint64_t bytes_in_all, Clock::time_point now) {
    if (!started_) {
        started_ = true;
        bytes_ = bytes_in_all;
        began_ = last_ = moved_ = now;
        return;
    }
    const double seconds = std::chrono::duration<double>(now - last_).count();
    if (seconds <= 0) return;
    const std::uint64_t moved = bytes_in_all - std::min(bytes_, bytes_in_all);
    const double current = static_cast<double>(moved) / seconds;
    // 0.9 of the old rate is left after a second, however often this is called meanwhile; in the
    // first seconds the average so far is better than a first value that was measured over 0.1 s.
    const double share = seconds / std::chrono::duration<double>(now - began_).count();
    const double kept = std::min(std::pow(0.9, seconds), 1 - share);
    rate_ = kept * rate_ + (1 - kept) * current;
    if (moved != 0) moved_ = now;
    bytes_ = bytes_in_all;
    last_ = now;
}

std::chrono::seconds RateMeter::age(Clock::time_point now) const {
    return std::chrono::floor<std::chrono::seconds>(started_ ? now - began_ : Clock::duration());
}

bool RateMeter::stalled(Clock::time_point now) const {
    return started_ && now - moved_ >= stall_time;
}

}  // namespace netcopy::app
