#pragma once

#include <string>

#include "base/log.hpp"
#include "session/share_seed_server.hpp"
#include "session/shared_folder.hpp"
#include "wire/share.hpp"

namespace netcopy {

/// What the commands of one connection of serve_share_seed() share. For share_seed_*.cpp only.
struct ShareSeedSession {
    Stream& stream;
    DiskPool& disk;
    SharedFolder& folder;
    Tree& tree;
    const ShareRules& rules;
    const ReceiveTimes times;

    /// Nothing on this wire marks the end of a number: this pause does.
    static constexpr std::chrono::milliseconds pause{100};

    /// For read_message().
    MessageLimits limits() const {
        return {wire::share_line_limit, times.idle, times.message, pause};
    }
    /// All of it is with the kernel when this returns. Throws as the stream does.
    Task<> say(std::string_view text) {
        stream.limit_to(rules.stall.window);
        stream.queue(text);
        co_await stream.flush();
        stream.no_deadline();
    }
    /// The client takes the words for whatever it awaits, and finds the connection closed. Whether
    /// it hears them changes nothing.
    Task<> refuse(std::string_view words) {
        try {
            stream.queue(wire::encode_share_refusal(words));
            stream.limit_to(rules.stall.window);
            co_await stream.close_after_last_words();
        } catch (const boost::system::system_error& error) {
            if (error.code() == asio::error::operation_aborted) throw;
        }
    }
};

/// UPLOAD was heard. False: the connection is of no more use. Throws as the stream does, but for
/// what happens to the file.
Task<bool> take_share_upload(ShareSeedSession& session);
/// DOWNLOAD was heard; the same.
Task<bool> give_share_download(ShareSeedSession& session);

}  // namespace netcopy
