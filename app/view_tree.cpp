#include <algorithm>

#include "app/utf8.hpp"
#include "app/view.hpp"

namespace netcopy::app {
namespace {

constexpr int tall = 12;            // rows from which on files get lines of their own
constexpr int most_file_lines = 8;  // more than that is nothing to look at

std::string_view word_of(Phase phase) {
    switch (phase) {
        case Phase::moving:
            return "";
        case Phase::hashing:
            return "hashing";
        case Phase::comparing:
            return "comparing";
        case Phase::syncing:
            return "syncing";
    }
    return "";
}

std::optional<std::uint64_t> known(const std::atomic<std::uint64_t>& total) {
    const std::uint64_t bytes = total.load(std::memory_order_relaxed);
    return bytes == Progress::unknown ? std::nullopt : std::optional(bytes);
}

std::uint64_t value(const std::atomic<std::uint64_t>& number) {
    return number.load(std::memory_order_relaxed);
}

class TreeView final : public View {
public:
    explicit TreeView(const TreeProgress& progress) : progress_(progress) {}

    std::uint64_t bytes() const override { return value(progress_.bytes); }

    std::vector<std::string> lines(const Moment& moment, int width, int rows) override {
        const auto active = progress_.active();
        measure(active, moment.now);
        std::vector<std::string> lines;
        const std::size_t room = static_cast<std::size_t>(file_lines(rows));
        for (std::size_t i = 0; i < std::min(room, active.size()); ++i) {
            lines.push_back(file_line(active[i], moment.now, width));
        }
        lines.push_back(tree_line(whole(moment, active), width));
        return lines;
    }

    std::string plain(const Moment& moment) const override {
        return tree_line(whole(moment, progress_.active()), std::numeric_limits<int>::max());
    }

    void fill(boost::json::object& event) const override {
        event["bytes"] = bytes();
        const auto total = known(progress_.total);
        event["total"] = total ? boost::json::value(*total) : boost::json::value(nullptr);
        event["files"] = value(progress_.files);
        event["files_total"] = value(progress_.files_total);
        event["counting"] = progress_.counting.load(std::memory_order_relaxed);
    }

    std::string last(const Moment&) const override { return {}; }  // the summary says more

private:
    using Active = std::vector<std::shared_ptr<FileProgress>>;

    TreeProgressView whole(const Moment& moment, const Active& active) const {
        return {.files = value(progress_.files),
                .files_total = value(progress_.files_total),
                .bytes = bytes(),
                .total = known(progress_.total),
                .counting = progress_.counting.load(std::memory_order_relaxed),
                .rate = moment.rate,
                .stalled = moment.stalled,
                .waiting_for = common_phase(active),
                .elapsed = std::chrono::floor<std::chrono::seconds>(moment.elapsed)};
    }

    /// What all files under way wait for, when it is the same; else empty.
    static std::string_view common_phase(const Active& active) {
        if (active.empty()) return "";
        const Phase first = active.front()->phase.load(std::memory_order_relaxed);
        const bool same = std::ranges::all_of(active, [first](const auto& file) {
            return file->phase.load(std::memory_order_relaxed) == first;
        });
        return same ? word_of(first) : "";
    }

    /// Keeps a meter for each file that is under way, and for no other.
    void measure(const Active& active, Clock::time_point now) {
        std::erase_if(meters_, [](const auto& each) { return each.first.expired(); });
        for (const auto& file : active) meters_[file].add(value(file->bytes), now);
    }

    std::string file_line(const std::shared_ptr<FileProgress>& file, Clock::time_point now,
                          int width) {
        const RateMeter& meter = meters_[file];
        const std::string label = printable(file->name);
        return progress_line({.label = label,
                              .bytes = value(file->bytes),
                              .total = known(file->total),
                              .rate = meter.rate(),
                              .stalled = meter.stalled(now),
                              .waiting_for = word_of(file->phase.load(std::memory_order_relaxed)),
                              .elapsed = meter.age(now)},
                             width);
    }

    const TreeProgress& progress_;
    std::map<std::weak_ptr<FileProgress>, RateMeter, std::owner_less<>> meters_;
};

}  // namespace

std::unique_ptr<View> view_tree(const TreeProgress& progress) {
    return std::make_unique<TreeView>(progress);
}

int file_lines(int rows) { return rows < tall ? 0 : std::min(rows / 3, most_file_lines); }

}  // namespace netcopy::app
