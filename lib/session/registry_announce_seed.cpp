#include <array>
#include <boost/asio/as_tuple.hpp>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "net/together.hpp"
#include "session/registry_announce_session.hpp"
#include "session/shared_folder.hpp"
#include "wire/registry_seed.hpp"

namespace netcopy {
namespace {

constexpr std::size_t page_files = 512;

Error closed(const Stream& stream) {
    return make_error(Errc::connection_lost, stream.peer() + " closed the connection");
}

/// One name after the other, each in a send of its own that the master answers.
class SeedTelling {
public:
    SeedTelling(AnnouncerLink& link, Stream& stream) : link_(link), stream_(stream) {
        host_ = link.plan.host;
        error_code gone;
        if (host_.empty()) host_ = stream.socket().local_endpoint(gone).address().to_string();
    }

    Task<Error> run() {
        const std::uint64_t version = link_.folder.version();
        const auto told = co_await tell_everything();
        if (!told) co_return told.error();
        link_.on_registered(stream_.peer(), files_);
        const auto part = [&](std::size_t number) {
            return number == 0 ? wait_for_end() : wait_for_change(version);
        };
        try {
            co_await run_together(2, part);
        } catch (const boost::system::system_error&) {
            if (!ended_) throw;
        }
        co_return *ended_;
    }

private:
    Task<Result<>> tell_everything() {
        auto heard = co_await say(wire::encode_registry_server(host_, link_.plan.udp_port));
        std::string last;
        std::uint64_t left_out = 0;
        while (heard) {
            const auto page = link_.folder.page(last, page_files);
            if (page.empty()) break;
            last = page.back().name;
            for (const SharedFile& file : page) {
                if (file.name == wire::registry_end || !wire::registry_can_say(file.name, "-")) {
                    ++left_out;
                    continue;
                }
                heard = co_await say(file.name);
                if (!heard) break;
                ++files_;
            }
        }
        if (left_out > 0) {
            NETCOPY_LOG(warning) << left_out << " files are not announced: the seed's protocol "
                                 << "cannot say 'end', nor a name with ':', ';' or a line end";
        }
        if (heard) heard = co_await say(std::string(wire::registry_end));
        co_return heard;
    }

    /// And awaits whatever the master answers.
    Task<Result<>> say(std::string message) {
        stream_.deadline_in(limits::message);
        co_await stream_.write(as_bytes(message));
        std::array<std::byte, 1024> answer;
        const std::size_t got = co_await stream_.read_some(answer);
        stream_.no_deadline();
        if (got == 0) co_return closed(stream_);
        co_return Result<>();
    }

    // Each ends by an exception, which cancels the other one.

    Task<> wait_for_end() {
        std::array<std::byte, 1024> words;
        while (co_await stream_.read_some(words) != 0) {
        }
        end(closed(stream_));
    }
    Task<> wait_for_change(std::uint64_t version) {
        while (link_.folder.version() == version) {
            link_.changed.expires_at(Clock::time_point::max());
            co_await link_.changed.async_wait(asio::as_tuple(UseTask()));
        }
        end(make_error(Errc::interrupted, "the list has changed"));
    }
    [[noreturn]] void end(Error error) {
        ended_ = std::move(error);
        throw boost::system::system_error(make_error_code(Errc::connection_lost));
    }

    AnnouncerLink& link_;
    Stream& stream_;
    std::string host_;
    std::size_t files_ = 0;
    std::optional<Error> ended_;
};

}  // namespace

Task<Error> announce_by_seed(AnnouncerLink& link, Stream& stream) {
    keep_alive(stream.socket(), limits::registry_silence);
    SeedTelling telling(link, stream);
    co_return co_await telling.run();
}

}  // namespace netcopy
