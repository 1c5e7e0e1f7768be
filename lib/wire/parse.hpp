#pragma once

#include <cstddef>

namespace netcopy::wire {

/// What the bytes so far amount to.
enum class Verdict {
    need_more,  ///< no message yet
    tentative,  ///< a message, unless more bytes follow: the wire does not mark its end
    complete,   ///< a message
};

/// A parser looks at all bytes that wait and takes one message from their front. It keeps no state:
/// with more bytes it is asked anew. `message` may point into the bytes given.
template <class Message>
struct Parsed {
    Verdict verdict = Verdict::need_more;
    std::size_t used =
        0;  ///< bytes to drop: the message's, or with need_more what no message begins with
    Message message{};
    std::size_t skipped = 0;  ///< of `used`: bytes in front that belong to no message
};

}  // namespace netcopy::wire
