#include "session/share_seed_client.hpp"

#include "session/share_seed_connection.hpp"
#include "session/share_seed_fetch.hpp"
#include "session/share_seed_list.hpp"
#include "session/whole_source.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;

/// What ends a last word that no digest is in.
constexpr std::chrono::seconds answer_pause{2};
/// For an answer that came before the connection broke.
constexpr std::chrono::seconds last_words{1};

class Upload {
public:
    Upload(ShareSeedConnection& connection, DiskPool& disk, FileSource& source, std::string name,
           Progress& progress)
        : to_(connection),
          disk_(disk),
          source_(source),
          name_(std::move(name)),
          progress_(progress) {}

    Task<Result<ShareSeedUploaded>> run() {
        if (!source_.size()) {
            co_return make_error(Errc::local_file, "cannot send " + quote(source_.name()) +
                                                       ": the seed's protocol needs to know the "
                                                       "size first; send a file");
        }
        const auto details = wire::encode_share_details(name_, whole_.size());
        if (!details) co_return details.error();
        progress_.total = whole_.size();
        const auto welcome = co_await announce(*details);
        if (!welcome) co_return welcome.error();
        const auto sent = co_await send();
        if (!sent) co_return sent.error();
        ShareSeedUploaded uploaded;
        uploaded.digests = hashed_.finish();
        const auto theirs = co_await take_answer(to_.plan().stall.window);
        if (!theirs) co_return theirs.error();
        uploaded.theirs = *theirs;
        if (const auto& ours = uploaded.digests.front().second; ours != *theirs) {
            co_return make_error(Errc::corrupted, "corrupted: " + quote(source_.name()) + " at " +
                                                      to_.peer() + ": it says MD5 " + *theirs +
                                                      ", the bytes that were sent have " + ours);
        }
        to_.done(false);
        co_return uploaded;
    }

private:
    Task<Result<>> announce(const std::string& details) {
        Result<> result = co_await to_.begin(wire::ShareCommand::upload);
        if (result) result = co_await to_.take_prompt();
        if (result) result = co_await to_.say(details);
        // Behind an empty file the MD5 follows at once, perhaps joined to the prompt.
        if (result && whole_.size() > 0) result = co_await to_.take_prompt();
        co_return result;
    }

    Task<Result<>> send() {
        const WaitForSource always_ready;
        std::optional<Error> lost;
        try {
            tune_for_neighbour(to_.stream().socket());
            const auto pumped =
                co_await pump_out(to_.stream(), disk_, whole_.produce(), always_ready, progress_,
                                  to_.plan().stall, to_.plan().rate);
            if (!pumped) lost = pumped.error();
        } catch (const system_error& error) {
            lost =
                stream_error(error, "cannot send " + quote(source_.name()) + " to " + to_.peer());
        }
        if (!lost) co_return Result<>();
        if (*lost == Errc::connection_lost) {
            // The server may have said why.
            const auto said = co_await take_answer(last_words);
            if (!said && said.error() == Errc::refused) co_return said.error();
        }
        co_return *lost;
    }

    /// Their MD5, lower-case.
    Task<Result<std::string>> take_answer(Clock::duration patience) {
        const auto parse = [](std::string_view bytes) -> Result<wire::Parsed<wire::ShareAnswer>> {
            return wire::parse_share_answer(bytes);
        };
        const MessageLimits limits{wire::share_line_limit, patience, patience, answer_pause};
        const auto answer = co_await to_.hear(parse, limits);
        if (!answer) co_return answer.error();
        if (!*answer) {
            co_return make_error(Errc::connection_lost, to_.peer() + " closed the connection " +
                                                            "without an MD5 of " +
                                                            quote(source_.name()));
        }
        if ((*answer)->md5.empty()) {
            co_return make_error(Errc::refused, quote(source_.name()) + " was refused by " +
                                                    to_.peer() + ": it says '" +
                                                    escape((*answer)->words) + "'");
        }
        co_return lower_hex((*answer)->md5);
    }

    ShareSeedConnection& to_;
    DiskPool& disk_;
    FileSource& source_;
    const std::string name_;
    Progress& progress_;
    DigestSet hashed_{{DigestKind::md5, DigestKind::sha256}};
    WholeSource whole_{source_, &hashed_};
};

}  // namespace

struct ShareSeedClient::State {
    State(ShareSeedPlan plan, DiskPool& pool) : connection(std::move(plan)), disk(pool) {}

    /// A connection that something went wrong on has words in it that belong to nothing.
    template <class T>
    Result<T> judge(Result<T> result) {
        if (!result) connection.drop();
        return result;
    }

    ShareSeedConnection connection;
    DiskPool& disk;
};

ShareSeedClient::ShareSeedClient(ShareSeedPlan plan, DiskPool& disk)
    : state_(std::make_unique<State>(std::move(plan), disk)) {}
ShareSeedClient::~ShareSeedClient() = default;

const std::string& ShareSeedClient::peer() const { return state_->connection.peer(); }

Task<> ShareSeedClient::close() { return state_->connection.close(); }

Task<Result<>> ShareSeedClient::list(std::function<void(ShareSeedFile)> each) {
    auto listed = co_await take_share_list(state_->connection, std::move(each));
    co_return state_->judge(std::move(listed));
}

Task<Result<ShareSeedUploaded>> ShareSeedClient::upload(FileSource& source, std::string name,
                                                        Progress& progress) {
    Upload upload(state_->connection, state_->disk, source, std::move(name), progress);
    auto uploaded = co_await upload.run();
    co_return state_->judge(std::move(uploaded));
}

Task<Result<ShareSeedDownloaded>> ShareSeedClient::download(ShareSeedFile file,
                                                            ShareSeedTarget target,
                                                            Progress& progress) {
    auto fetched = co_await fetch_share_file(state_->connection, state_->disk, std::move(file),
                                             std::move(target), progress);
    co_return state_->judge(std::move(fetched));
}

}  // namespace netcopy
