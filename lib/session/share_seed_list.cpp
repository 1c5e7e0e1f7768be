// The list of a server of whatever make: nothing says where it ends.

#include "session/share_seed_list.hpp"

#include "base/log.hpp"

namespace netcopy {
namespace {

/// What ends a list that no DONE ends. Longer than a lost segment of it takes to come again.
constexpr std::chrono::milliseconds list_pause{300};
/// Of files: an endless list is none.
constexpr std::uint64_t most_files = 100'000'000;
/// A server that says only a length waits for any answer before it sends the list.
constexpr std::string_view go_on = "OK";

using Kind = wire::ShareLine::Kind;

class List {
public:
    List(ShareSeedConnection& connection, std::function<void(ShareSeedFile)> each)
        : from_(connection), each_(std::move(each)) {}

    Task<Result<>> run() {
        const auto begun = co_await from_.begin(wire::ShareCommand::list);
        if (!begun) co_return begun;
        while (!ended_) {
            const auto line = co_await next();
            if (!line) co_return line.error();
            if (!*line) break;
            const auto taken = co_await take(**line);
            if (!taken) co_return taken;
            first_ = false;
        }
        if (from_.stream().ended()) from_.drop();
        from_.done(false);
        co_return Result<>();
    }

private:
    using Heard = Result<std::optional<wire::ShareLine>>;

    /// No value: that was all.
    Task<Heard> next() {
        const auto parse = [this](std::string_view bytes) {
            return bounded_ ? parse_bounded(bytes) : wire::parse_share_line(bytes, first_);
        };
        const auto window = from_.plan().stall.window;
        const bool may_end = !bounded_ && !first_;
        MessageLimits limits{wire::share_line_limit, window, window, list_pause};
        if (may_end) limits.idle = list_pause;
        auto heard = co_await from_.hear(parse, limits);
        if (!heard && may_end && heard.error() == Errc::timed_out &&
            from_.stream().buffered().empty()) {
            co_return Heard(std::optional<wire::ShareLine>());
        }
        const bool cut = heard && !*heard && (first_ || bounded_);
        if (cut) co_return Heard(make_error(Errc::connection_lost, "no list" + from_peer()));
        co_return heard;
    }

    /// Within a list whose length was said, only its last byte ends the last line.
    Result<wire::Parsed<wire::ShareLine>> parse_bounded(std::string_view bytes) {
        auto parsed = wire::parse_share_line(bytes.substr(0, left_), false);
        if (!parsed) return parsed;
        if (parsed->verdict != wire::Verdict::complete && bytes.size() >= left_) {
            if (parsed->verdict == wire::Verdict::need_more) parsed->message.kind = Kind::end;
            parsed->verdict = wire::Verdict::complete;
            parsed->used = left_;
        } else if (parsed->verdict == wire::Verdict::tentative) {
            parsed->verdict = wire::Verdict::need_more;
        }
        // What the stream drops now.
        left_ -= parsed->verdict == wire::Verdict::complete ? parsed->used : parsed->skipped;
        return parsed;
    }

    Task<Result<>> take(const wire::ShareLine& line) {
        if (line.kind == Kind::file) {
            if (++files_ > most_files) {
                co_return make_error(Errc::protocol, "the list" + from_peer() + " has no end");
            }
            each_({lower_hex(line.id), std::string(line.name), line.number});
        } else if (line.kind == Kind::words) {
            hear_words(line.words);
        }
        ended_ = ended_ || line.kind == Kind::end || (bounded_ && left_ == 0);
        if (line.kind != Kind::length) co_return Result<>();
        if (line.number > wire::share_size_limit) {
            co_return make_error(Errc::protocol, "the list" + from_peer() + " has no end");
        }
        bounded_ = true;
        left_ = static_cast<std::size_t>(line.number);
        ended_ = left_ == 0;
        co_return co_await from_.say(go_on);
    }

    void hear_words(std::string_view words) {
        if (files_ == 0) {
            NETCOPY_LOG(info) << from_.peer() << " says '" << escape(words) << "'";
            if (first_ && words == wire::share_no_files) ended_ = true;
        } else {
            NETCOPY_LOG(warning) << from_.peer() << ": '" << escape(words)
                                 << "' in its list is no id;name;size";
        }
    }

    std::string from_peer() const { return " from " + from_.peer(); }

    ShareSeedConnection& from_;
    const std::function<void(ShareSeedFile)> each_;
    bool first_ = true;     // nothing of the answer was taken yet
    bool bounded_ = false;  // the list's length was said
    std::size_t left_ = 0;  // bytes of it that were not taken yet
    bool ended_ = false;
    std::uint64_t files_ = 0;
};

}  // namespace

std::string lower_hex(std::string_view hex) {
    std::string lower(hex);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

Task<Result<>> take_share_list(ShareSeedConnection& connection,
                               std::function<void(ShareSeedFile)> each) {
    List list(connection, std::move(each));
    co_return co_await list.run();
}

}  // namespace netcopy
