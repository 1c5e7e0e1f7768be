#include <algorithm>

#include "app/utf8.hpp"
#include "app/view.hpp"

namespace netcopy::app {
namespace {

/// One file, or what stands on standard input.
class FileView final : public View {
public:
    FileView(std::string label, const Progress& progress)
        : label_(printable(label)), progress_(progress) {}

    std::uint64_t bytes() const override { return progress_.bytes.load(std::memory_order_relaxed); }

    std::vector<std::string> lines(const Moment& moment, int width, int) override {
        const ProgressView view{
            .label = label_,
            .bytes = bytes(),
            .total = total(),
            .rate = moment.rate,
            .stalled = moment.stalled,
            .elapsed = std::chrono::floor<std::chrono::seconds>(moment.elapsed)};
        return {progress_line(view, width)};
    }

    std::string plain(const Moment& moment) const override {
        std::string line = "'" + label_ + "': " + format_bytes(bytes());
        if (const auto all = total(); all && *all > 0) {
            const double share = static_cast<double>(bytes()) / static_cast<double>(*all);
            line += " of " + format_bytes(*all) + " (" +
                    std::to_string(static_cast<int>(std::min(share, 1.0) * 100)) + "%)";
        }
        return line + (moment.stalled ? ", stalled" : ", " + format_rate(moment.rate));
    }

    void fill(boost::json::object& event) const override {
        const auto all = total();
        event["bytes"] = bytes();
        event["total"] = all ? boost::json::value(*all) : boost::json::value(nullptr);
    }

    std::string last(const Moment& moment) const override {
        std::string line =
            "'" + label_ + "': " + format_bytes(bytes()) + " in " +
            format_duration(std::chrono::round<std::chrono::seconds>(moment.elapsed));
        if (bytes() > 0 && moment.elapsed.count() > 0) {
            line += ", " + format_rate(static_cast<double>(bytes()) / moment.elapsed.count());
        }
        return line;
    }

private:
    std::optional<std::uint64_t> total() const {
        const std::uint64_t all = progress_.total.load(std::memory_order_relaxed);
        return all == Progress::unknown ? std::nullopt : std::optional(all);
    }

    const std::string label_;
    const Progress& progress_;
};

}  // namespace

std::unique_ptr<View> view_file(std::string label, const Progress& progress) {
    return std::make_unique<FileView>(std::move(label), progress);
}

}  // namespace netcopy::app
