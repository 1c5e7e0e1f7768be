#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

#include "wire/checksum.hpp"

/// Feeds requests to the parser as a connection would, in whatever pieces, and tells in words what
/// came out.
namespace netcopy::test {

/// Parses a copy that ends where its heap block ends, so that the address sanitizer sees a read
/// beyond it. `take` is called with the result while the copy still lives.
template <class Parse, class Take>
void parse_exact(std::string_view bytes, Parse parse, Take take) {
    const std::unique_ptr<char[]> copy(new char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), copy.get());
    take(parse(std::string_view(copy.get(), bytes.size())));
}

inline std::string describe(const wire::Request& request) {
    if (request.verb == wire::Request::Verb::lookup) return "KI " + request.lookup.id;
    const wire::Insert& insert = request.insert;
    return "BE " + insert.id + " " + std::to_string(insert.validity) + " " +
           std::to_string(insert.announced) + " " + std::string(insert.checksum);
}

/// What the whole of some input amounts to. An error ends it, as it ends a connection.
struct Fed {
    std::vector<std::string> messages;
    std::string error;  ///< the reason given, empty for none
    std::string left;   ///< bytes that amounted to nothing when the stream ended

    bool operator==(const Fed&) const = default;
};

/// One side of a connection: pieces come in, whole messages go out. A tentative message waits for
/// the next piece, which comes at once; the end of the stream completes it.
class Feeder {
public:
    explicit Feeder(const wire::RequestLimits& limits = {}) : limits_(limits) {}

    void piece(std::string_view bytes) {
        waiting_ += bytes;
        while (take(false)) {
        }
    }

    /// A pause in which nothing comes, or the end of the stream: what is tentative is taken.
    void pause() {
        while (take(true)) {
        }
    }

    Fed end() {
        pause();
        fed_.left = waiting_;
        return fed_;
    }

private:
    bool take(bool paused) {
        if (waiting_.empty() || !fed_.error.empty()) return false;
        bool taken = false;
        std::size_t used = 0;
        parse_exact(
            waiting_,
            [this](std::string_view bytes) { return wire::parse_request(bytes, limits_); },
            [&](const Result<wire::Parsed<wire::Request>>& parsed) {
                if (!parsed) {
                    fed_.error = parsed.error().context;
                    return;
                }
                const bool tentative = parsed->verdict == wire::Verdict::tentative;
                taken = parsed->verdict == wire::Verdict::complete || (tentative && paused);
                if (taken) fed_.messages.push_back(describe(parsed->message));
                used = taken ? parsed->used : parsed->skipped;
            });
        if (!fed_.error.empty()) return false;
        waiting_.erase(0, used);
        return taken;
    }

    wire::RequestLimits limits_;
    std::string waiting_;
    Fed fed_;
};

inline Fed feed(const std::vector<std::string_view>& pieces,
                const wire::RequestLimits& limits = {}) {
    Feeder feeder(limits);
    for (const std::string_view bytes : pieces) feeder.piece(bytes);
    return feeder.end();
}

/// A byte at a time.
inline Fed feed_bytes(std::string_view bytes, const wire::RequestLimits& limits = {}) {
    Feeder feeder(limits);
    for (std::size_t i = 0; i < bytes.size(); ++i) feeder.piece(bytes.substr(i, 1));
    return feeder.end();
}

}  // namespace netcopy::test
