#include "wire/copy_line_writer.hpp"

#include <limits>

namespace netcopy::wire {

CopyLineWriter& CopyLineWriter::time(FileTime time) {
    constexpr std::uint32_t second = 1'000'000'000;  // nanoseconds
    // What has no name on the wire: half an eternity ago. The nearest that has.
    constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
    if (time == FileTime{earliest, 0}) time.nanoseconds = 1;

    out_ += ' ';
    if (time.seconds < 0) {
        out_ += '-';
        if (time.nanoseconds != 0) time = {time.seconds + 1, second - time.nanoseconds};
        time.seconds = -time.seconds;
    }
    digits(static_cast<std::uint64_t>(time.seconds));
    out_ += '.';
    char text[9];
    for (std::size_t i = sizeof text; i-- > 0; time.nanoseconds /= 10) {
        text[i] = static_cast<char>('0' + time.nanoseconds % 10);
    }
    out_.append(text, sizeof text);
    return *this;
}

}  // namespace netcopy::wire
