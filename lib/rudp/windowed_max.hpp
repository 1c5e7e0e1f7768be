#pragma once

#include <array>
#include <cstdint>

namespace netcopy::rudp {

/// The largest value of the last `window` steps of some count (rounds, say), remembered as the best
/// three, each later than the one before: Nichols's filter, as in Linux's win_minmax.c.
class WindowedMax {
public:
    explicit WindowedMax(std::uint64_t window) : window_(window) {}

    double best() const { return best_[0].value; }
    void reset(std::uint64_t step, double value) { best_.fill({step, value}); }
    void update(std::uint64_t step, double value) {
        const Sample sample{step, value};
        if (value >= best_[0].value || step - best_[2].step > window_) {
            best_.fill(sample);
            return;
        }
        if (value >= best_[1].value) {
            best_[1] = best_[2] = sample;
        } else if (value >= best_[2].value) {
            best_[2] = sample;
        }
        age(sample);
    }

private:
    struct Sample {
        std::uint64_t step = 0;
        double value = 0;
    };

    /// The best one leaves when it is too old; the others are to be from the window's later parts.
    void age(const Sample& sample) {
        const std::uint64_t since = sample.step - best_[0].step;
        if (since > window_) {
            best_ = {best_[1], best_[2], sample};
            if (sample.step - best_[0].step > window_) best_ = {best_[1], sample, sample};
        } else if (best_[1].step == best_[0].step && since > window_ / 4) {
            best_[1] = best_[2] = sample;
        } else if (best_[2].step == best_[1].step && since > window_ / 2) {
            best_[2] = sample;
        }
    }

    std::uint64_t window_;
    std::array<Sample, 3> best_{};
};

}  // namespace netcopy::rudp
