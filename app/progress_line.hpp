#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/task.hpp"

/// How progress is put into words. No state but RateMeter's, no terminal.
namespace netcopy::app {

/// 1536 -> "1.5 KiB". Three significant digits at the most; below 1 KiB the exact number of bytes.
std::string format_bytes(std::uint64_t bytes);
/// 1536 -> "1.5 KiB/s".
std::string format_rate(double bytes_a_second);
/// 3725 s -> "1:02:05"; 65 s -> "1:05".
std::string format_duration(std::chrono::seconds time);
/// 2 MiB in 1 s -> "2 MiB in 0:01 (2 MiB/s)"; no rate where nothing moved.
std::string amount_text(std::uint64_t bytes, std::chrono::duration<double> took);

/// What is known of a file that is under way.
struct ProgressView {
    std::string_view label;  ///< printable UTF-8
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> total;
    double rate = 0;  ///< bytes a second, smoothed
    bool stalled = false;
    std::string_view waiting_for = {};  ///< "hashing": what it does instead of moving bytes
    std::chrono::seconds elapsed{};
};
/// One line of at most `width` columns: label, bar, per cent, bytes, rate, ETA or "stalled";
/// without a total no bar, per cent and ETA, but the time so far. A narrow one leaves out what
/// matters least.
std::string progress_line(const ProgressView& view, int width);

/// What is known of many files that are under way.
struct TreeProgressView {
    std::uint64_t files = 0, files_total = 0;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> total;
    bool counting = false;  ///< the totals will grow
    double rate = 0;        ///< bytes a second, smoothed
    bool stalled = false;
    std::string_view waiting_for = {};
    std::chrono::seconds elapsed{};
};
/// One line of at most `width` columns: "12/345 files, 1.2 GiB of 3.4 GiB, 123 MiB/s, ETA 0:20", a
/// "+" behind totals that will grow, and the time so far in the place of an ETA that is not known.
/// A narrow one leaves out what matters least.
std::string tree_line(const TreeProgressView& view, int width);

/// The smoothed rate, as OpenSSH has it: the old one decays, the new one counts 0.1 a second. In
/// the first seconds it is the average. Time is passed in and must not go back.
class RateMeter {
public:
    void add(std::uint64_t bytes_in_all, Clock::time_point now);
    double rate() const { return rate_; }
    bool stalled(Clock::time_point now) const;              ///< nothing for 5 s
    std::chrono::seconds age(Clock::time_point now) const;  ///< since the first add()

private:
    std::uint64_t bytes_ = 0;
    Clock::time_point began_{}, last_{}, moved_{};
    double rate_ = 0;
    bool started_ = false;
};

}  // namespace netcopy::app
