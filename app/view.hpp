#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/progress_line.hpp"
#include "base/progress.hpp"

namespace netcopy::app {

/// What a Display knows of the time that has gone by.
struct Moment {
    Clock::time_point now;
    double rate = 0;  ///< bytes a second, smoothed
    bool stalled = false;
    std::chrono::duration<double> elapsed{};
};

/// What a Display shows, in each of its ways. Used on the main thread.
class View {
public:
    virtual ~View() = default;
    virtual std::uint64_t bytes() const = 0;
    /// The lines of the bar, each at most `width` columns; the terminal has `rows` of them.
    virtual std::vector<std::string> lines(const Moment& moment, int width, int rows) = 0;
    /// For where nothing can be drawn, without newline.
    virtual std::string plain(const Moment& moment) const = 0;
    virtual void fill(boost::json::object& event) const = 0;
    /// What stays on the screen when all went well; empty: nothing.
    virtual std::string last(const Moment& moment) const = 0;
};

std::unique_ptr<View> view_file(std::string label, const Progress& progress);
std::unique_ptr<View> view_tree(const TreeProgress& progress);

/// How many of the files that are under way get a line of their own on a terminal of so many rows.
int file_lines(int rows);

}  // namespace netcopy::app
