#include "session/share_seed_server.hpp"

#include "session/share_seed_session.hpp"

namespace netcopy {
namespace {

constexpr std::size_t page_size = 512;              // files asked for at a time
constexpr std::size_t most_in_a_send = 256 * 1024;  // bytes of a list

/// A client reads once and takes what comes for the list: it goes out in one send where it fits.
Task<> give_list(ShareSeedSession& session) {
    std::string text;
    std::string last;       // name of the last file looked at
    std::string unsayable;  // the first such name
    std::uint64_t left_out = 0;
    bool any = false;
    for (;;) {
        const auto page = session.folder.page(last, page_size);
        for (const SharedFile& file : page) {
            if (!wire::share_can_say(file.name)) {
                if (left_out++ == 0) unsayable = file.name;
                continue;
            }
            if (std::exchange(any, true)) text += '\n';
            wire::append_share_line(text, file.md5, file.name, file.status.size);
        }
        if (page.empty()) break;
        last = page.back().name;
        if (text.size() < most_in_a_send) continue;
        co_await session.say(text);
        text.clear();
    }
    if (left_out > 0) {
        NETCOPY_LOG(warning) << session.stream.peer() << ": " << left_out
                             << " left out of the list, such as '" << escape(unsayable)
                             << "': the seed's protocol cannot say a name with ';' or a line end";
    }
    if (!any) text = wire::share_no_files;
    co_await session.say(text);
}

Task<> refuse_upload(ShareSeedSession& session) {
    NETCOPY_LOG(warning) << session.stream.peer() << ": upload refused: --read-only";
    co_await session.refuse("this share is read-only");
}

}  // namespace

Task<> serve_share_seed(Stream& stream, DiskPool& disk, SharedFolder& folder, Tree& tree,
                        const ShareRules& rules, ReceiveTimes times) {
    ShareSeedSession session{stream, disk, folder, tree, rules, times};
    for (bool goes_on = true; goes_on;) {
        const auto command =
            co_await stream.read_message(wire::parse_share_command, session.limits());
        stream.no_deadline();
        if (!command) {
            NETCOPY_LOG(warning) << stream.peer() << ": " << command.error().context;
            if (command.error() == Errc::connection_lost) co_return;
            co_return co_await session.refuse("that is no command");
        }
        if (!*command || **command == wire::ShareCommand::disconnect) co_return;
        if (**command == wire::ShareCommand::list) {
            co_await give_list(session);
        } else if (**command == wire::ShareCommand::download) {
            goes_on = co_await give_share_download(session);
        } else if (rules.read_only) {
            co_return co_await refuse_upload(session);
        } else {
            goes_on = co_await take_share_upload(session);
        }
    }
}

}  // namespace netcopy
