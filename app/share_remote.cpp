#include "app/share_remote.hpp"

#include "app/send_forms.hpp"
#include "base/log.hpp"

namespace netcopy::app {
namespace {

ListedFile listed(const wire::CopyFile& file) {
    ListedFile found;
    found.name = file.name;
    found.id = file.md5;
    found.sha256 = file.sha256;
    found.size = file.size;
    found.mtime = file.mtime;
    return found;
}

}  // namespace

/// What all plans have.
template <class Plan>
Plan ShareRemote::plan() {
    Plan plan;
    plan.endpoint = endpoint_;
    plan.dialing = {access_.client.connect_timeout, access_.client.retry};
    plan.stall = {access_.client.timeout};
    plan.rate = &rate_;
    if constexpr (requires { plan.retries; }) {  // netcopy/1
        plan.retries = access_.client.retries();
        plan.connections = access_.jobs;
        plan.only_netcopy = by_netcopy_ || access_.protocol == "netcopy";
    }
    return plan;
}

ShareRemote::ShareRemote(Context& context, const ShareAccess& access, const Endpoint& endpoint,
                         DiskPool& disk, std::string what)
    : context_(context),
      access_(access),
      endpoint_(endpoint),
      disk_(disk),
      what_(std::move(what)),
      rate_(access.bwlimit),
      client_(plan<ShareClientPlan>(), disk) {}

CopySendPlan ShareRemote::send_plan() {
    auto sending = plan<CopySendPlan>();
    sending.options.digests = {DigestKind::sha256, DigestKind::md5};
    return sending;
}

ShareSeedPlan ShareRemote::seed_plan() { return plan<ShareSeedPlan>(); }

std::size_t ShareRemote::connections(std::size_t automatic) const {
    return access_.jobs == 0 ? automatic : access_.jobs;
}

Task<Result<>> ShareRemote::list(std::function<void(ListedFile)> on_file) {
    if (access_.protocol != "seed") {
        const auto found = co_await client_.list(
            [&on_file](const wire::CopyFile& file) { on_file(listed(file)); });
        if (!found) co_return explained(found.error());
        by_netcopy_ = *found;
        if (by_netcopy_) {
            connected_to(client_.peer());
            co_return Result<>();
        }
        const auto allowed = may_use_seed();
        if (!allowed) co_return allowed.error();
    }
    co_return co_await list_by_seed(std::move(on_file));
}

Task<Result<>> ShareRemote::list_by_seed(std::function<void(ListedFile)> on_file) {
    ShareSeedClient client(seed_plan(), disk_);
    const auto each = [&on_file](ShareSeedFile file) {
        ListedFile found;
        found.name = std::move(file.name);
        found.id = std::move(file.id);
        found.size = file.size;
        on_file(std::move(found));
    };
    const auto found = co_await client.list(each);
    if (!found) co_return explained(found.error());
    connected_to(client.peer());
    co_await client.close();
    co_return Result<>();
}

Result<> ShareRemote::may_use_seed() const {
    const std::string who = to_string(endpoint_) + " speaks no netcopy/1";
    if (access_.protocol == "netcopy") {
        return make_error(Errc::protocol, who + "; try --protocol seed");
    }
    NETCOPY_LOG(info) << who << ": files go by the seed's protocol, without mode and time";
    return {};
}

void ShareRemote::connected_to(const std::string& peer) {
    if (peer_.empty()) context_.output.event("connected", peer);
    peer_ = peer;
}

Error ShareRemote::explained(Error error) const {
    if (!(error == Errc::unreachable)) return error;
    const bool unknown = error.context.starts_with("cannot resolve");
    const std::string_view hint =
        unknown ? "; the last operand is the server's address" : "; is a share running there?";
    if (!what_.empty()) return for_file(std::move(error), what_, hint);
    error.context += hint;
    return error;
}

}  // namespace netcopy::app
