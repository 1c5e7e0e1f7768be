// A file on its way out of the share, by the seed's protocol.

#include <optional>

#include "net/pump.hpp"
#include "session/share_seed_session.hpp"
#include "session/whole_source.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

/// Whatever goes wrong here, the connection is reset and no word said: the client would take any
/// for the file's bytes, and an orderly end for the file's.
class Download {
public:
    explicit Download(ShareSeedSession& session) : at_(session) {}

    Task<bool> run() {
        co_await at_.say(wire::share_asks_id);
        const auto id = co_await at_.stream.read_message(wire::parse_share_id, at_.limits());
        at_.stream.no_deadline();
        if (id && !*id) co_return false;
        if (id) served_.name = **id;
        served_.peer = at_.stream.peer();
        served_.protocol = "seed";
        if (id) {
            served_.outcome = co_await give();
        } else {
            served_.outcome = id.error();
        }
        if (at_.rules.on_served) at_.rules.on_served(served_);
        if (!served_.outcome) {
            NETCOPY_LOG(warning) << served_.peer << ": " << served_.outcome.error().context;
            at_.stream.reset();
        }
        co_return served_.outcome.has_value();
    }

private:
    Task<Result<>> give() {
        const auto match = at_.folder.find_id(served_.name);
        if (!match.file) {
            co_return make_error(Errc::refused, "there is no file with the id " + served_.name);
        }
        const SharedFile& file = *match.file;
        served_.name = file.name;
        auto source = co_await at_.disk.run([&] { return at_.tree.read(file.name); });
        if (!source) co_return source.error();
        const FileStatus now = source->status();
        if (now.size != file.status.size || now.mtime != file.status.mtime) {
            co_return make_error(Errc::local_file, "cannot send '" + escape(file.name) +
                                                       "': it has changed since it was listed");
        }
        co_return co_await send(*source);
    }

    Task<Result<>> send(FileSource& source) {
        WholeSource whole(source, nullptr, [&] { return still_there(source.status()); });
        Progress progress;
        const WaitForSource always_ready;
        std::optional<Error> lost;
        try {
            tune_for_neighbour(at_.stream.socket());
            const auto pumped =
                co_await pump_out(at_.stream, at_.disk, whole.produce(), always_ready, progress,
                                  at_.rules.stall, at_.rules.sending);
            if (!pumped) lost = pumped.error();
        } catch (const system_error& error) {
            lost = stream_error(error, "cannot send '" + escape(served_.name) + "'");
        }
        if (lost) co_return *lost;
        served_.bytes = whole.size();
        co_return Result<>();
    }

    /// In the disk pool. Under its name, that is: the bytes of one that was removed are still
    /// there.
    Result<> still_there(const FileStatus& opened) {
        const auto now = at_.tree.status(served_.name);
        if (!now) return now.error();
        const bool same = *now && (*now)->kind == FileStatus::Kind::regular &&
                          (*now)->size == opened.size && (*now)->mtime == opened.mtime;
        if (same) return {};
        return make_error(Errc::local_file, "cannot send '" + escape(served_.name) +
                                                "': it was removed or replaced meanwhile");
    }

    ShareSeedSession& at_;
    ServedFile served_;
};

}  // namespace

Task<bool> give_share_download(ShareSeedSession& session) {
    Download download(session);
    co_return co_await download.run();
}

}  // namespace netcopy
