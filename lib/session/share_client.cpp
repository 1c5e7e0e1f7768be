#include "session/share_client.hpp"

#include "session/copy_run.hpp"
#include "session/share_getter.hpp"
#include "session/share_list.hpp"

namespace netcopy {
namespace {

class ListWork final : public CopyWork {
public:
    explicit ListWork(const OnListed& on_listed) : on_listed_(on_listed) {}

    std::unique_ptr<CopyTalk> talk(const CopyConnectionPtr&, const Executor&) override {
        return std::make_unique<ShareListing>(progress_, on_listed_);
    }
    bool finished() const override { return progress_.done; }
    bool has_more() const override { return false; }
    std::uint64_t done() const override { return 0; }
    void on_change(std::function<void()>) override {}

private:
    ListProgress progress_;
    const OnListed& on_listed_;
};

class GetWork final : public CopyWork {
public:
    GetWork(ShareWishes& wishes, const Tree& tree, Overwrite overwrite, bool alone)
        : wishes_(wishes), tree_(tree), overwrite_(overwrite), alone_(alone) {}

    std::unique_ptr<CopyTalk> talk(const CopyConnectionPtr& connection, const Executor&) override {
        return std::make_unique<ShareGetter>(wishes_, tree_.another(), overwrite_,
                                             connection->stream.peer(), connection->window,
                                             connection->window_bytes, alone_);
    }
    bool finished() const override { return wishes_.finished(); }
    bool has_more() const override { return wishes_.has_more(); }
    std::uint64_t done() const override { return wishes_.progress().bytes; }
    void on_change(std::function<void()> call) override { wishes_.on_change(std::move(call)); }

private:
    ShareWishes& wishes_;
    const Tree& tree_;
    const Overwrite overwrite_;
    const bool alone_;
};

}  // namespace

struct ShareClient::State {
    CopyRunPlan run_plan(const char* purpose) const {
        CopyRunPlan run;
        run.endpoint = plan.endpoint;
        run.dialing = plan.dialing;
        run.retries = plan.retries;
        run.opening.purpose = purpose;
        run.stall = plan.stall;
        run.receiving = plan.rate;
        return run;
    }

    ShareClientPlan plan;
    DiskPool& disk;
    CopyConnectionPtr idle;
    std::string peer;
};

ShareClient::ShareClient(ShareClientPlan plan, DiskPool& disk)
    : state_(std::make_shared<State>(std::move(plan), disk, nullptr, std::string())) {}
ShareClient::~ShareClient() = default;

const std::string& ShareClient::peer() const { return state_->peer; }

CopyConnectionPtr ShareClient::release() { return std::exchange(state_->idle, nullptr); }

Task<Result<bool>> ShareClient::list(OnListed on_listed) {
    CopyRunPlan plan = state_->run_plan("list");
    plan.connections = 1;
    plan.only_netcopy = state_->plan.only_netcopy || !state_->peer.empty();
    plan.keeps = true;
    ListWork work(on_listed);
    CopyRun run(std::move(plan), state_->disk, work);
    auto connected = co_await run.connect(release());
    if (!connected || !*connected) co_return connected;
    state_->peer = run.peer();
    const auto done = co_await run.run();
    if (!done) co_return done.error();
    state_->idle = run.release();
    co_return true;
}

Task<Result<>> ShareClient::get(ShareWishes& wishes, const Tree& tree, Overwrite overwrite) {
    CopyRunPlan plan = state_->run_plan("get");
    plan.connections = state_->plan.connections;
    plan.only_netcopy = true;
    plan.opening.digests = {"sha256", "md5"};
    GetWork work(wishes, tree, overwrite, plan.connections == 1);
    CopyRun run(std::move(plan), state_->disk, work);
    const auto connected = co_await run.connect(release());
    if (!connected) co_return connected.error();
    if (!*connected) {
        co_return make_error(Errc::connection_lost, state_->peer + " does not serve downloads");
    }
    state_->peer = run.peer();
    co_return co_await run.run();
}

}  // namespace netcopy
