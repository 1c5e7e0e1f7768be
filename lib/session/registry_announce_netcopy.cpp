#include <boost/asio/as_tuple.hpp>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "net/together.hpp"
#include "session/registry_announce_session.hpp"
#include "session/shared_folder.hpp"
#include "wire/registry.hpp"

namespace netcopy {
namespace {

constexpr std::size_t page_files = 512;
constexpr std::size_t piece = 64 * 1024;  // bytes that are written together

/// One task reads what the master says, the other one tells it of the folder.
class Telling {
public:
    Telling(AnnouncerLink& link, Stream& stream) : link_(link), stream_(stream) {}

    Task<Error> run() {
        const auto part = [this](std::size_t number) { return number == 0 ? read() : tell(); };
        try {
            co_await run_together(2, part);
        } catch (const boost::system::system_error&) {
            if (!problem_) throw;
        }
        co_return *problem_;
    }

private:
    /// Ends by an exception, which cancels the other task.
    Task<> read() {
        const Clock::duration silence = limits::registry_silence;
        const MessageLimits limits{wire::copy_line_limit, silence, silence, {}};
        for (;;) {
            const auto answer = co_await stream_.read_message(wire::parse_registry_answer, limits);
            if (!answer) end(answer.error());
            if (!*answer) {
                end(make_error(Errc::connection_lost, stream_.peer() + " closed the connection"));
            }
            if (const auto* const no = std::get_if<wire::RegistryNo>(&**answer)) {
                NETCOPY_LOG(warning) << stream_.peer() << " says: " << escape(no->text);
            } else if (!std::exchange(taken_, true)) {
                link_.changed.cancel();
            }
        }
    }
    [[noreturn]] void end(Error error) {
        problem_ = std::move(error);
        throw boost::system::system_error(make_error_code(Errc::connection_lost));
    }

    Task<> tell() {
        append(text_, wire::RegistryServer{link_.plan.udp_port, link_.plan.host});
        co_await tell_everything();
        for (bool told = false;;) {
            if (taken_ && !std::exchange(told, true)) {
                link_.on_registered(stream_.peer(), files_);
            }
            auto changes = link_.folder.changes_since(version_, page_files);
            if (changes.lost) {
                append(text_, wire::RegistryAnew{});
                co_await tell_everything();
                continue;
            }
            version_ = changes.version;
            for (std::string& name : changes.names) tell_of(std::move(name));
            beat_when_due();
            co_await say();
            if (!changes.names.empty() || link_.folder.version() != version_) continue;
            if (taken_ != told) continue;
            link_.changed.expires_at(next_beat_);
            co_await link_.changed.async_wait(asio::as_tuple(UseTask()));
        }
    }

    /// Page by page; what changes meanwhile comes behind it.
    Task<> tell_everything() {
        version_ = link_.folder.version();
        files_ = 0;
        std::string last;
        for (;;) {
            auto page = link_.folder.page(last, page_files);
            if (page.empty()) break;
            last = page.back().name;
            files_ += page.size();
            for (SharedFile& file : page) append_file(std::move(file));
            beat_when_due();
            if (text_.size() >= piece) co_await say();
        }
        append(text_, wire::RegistryWhole{});
        co_await say();
    }

    void tell_of(std::string name) {
        if (auto file = link_.folder.find(name)) {
            append_file(std::move(*file));
        } else {
            append(text_, wire::RegistryGone{std::move(name)});
        }
    }

    void append_file(SharedFile file) {
        append(text_, wire::CopyFile{file.status.size, file.status.mtime, std::move(file.name),
                                     std::move(file.md5), std::move(file.sha256)});
    }

    void beat_when_due() {
        const auto now = Clock::now();
        if (now < next_beat_) return;
        append(text_, wire::RegistryBeat{});
        next_beat_ = now + limits::registry_beat;
    }

    Task<> say() {
        co_await stream_.write(as_bytes(text_));
        text_.clear();
    }

    AnnouncerLink& link_;
    Stream& stream_;
    std::string text_;  // to be said
    std::uint64_t version_ = 0;
    std::size_t files_ = 0;
    Clock::time_point next_beat_ = Clock::now() + limits::registry_beat;
    bool taken_ = false;  // the master has said that it lives: there was room for us
    std::optional<Error> problem_;
};

}  // namespace

Task<Error> announce_by_netcopy(AnnouncerLink& link, Stream& stream) {
    tune_for_neighbour(stream.socket());
    Telling telling(link, stream);
    co_return co_await telling.run();
}

}  // namespace netcopy
