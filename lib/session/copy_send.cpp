#include "session/copy_send.hpp"

#include "session/copy_run.hpp"

namespace netcopy {
namespace {

CopyRunPlan run_plan(CopySendPlan& plan) {
    CopyRunPlan run;
    run.endpoint = std::move(plan.endpoint);
    run.dialing = plan.dialing;
    run.retries = plan.retries;
    run.connections = plan.connections;
    run.only_netcopy = plan.only_netcopy;
    run.grows = !plan.options.ask;
    run.opening.purpose = "put";
    for (const DigestKind kind : plan.options.digests) {
        run.opening.digests.emplace_back(to_string(kind));
    }
    run.stall = plan.stall;
    run.sending = plan.rate;
    return run;
}

/// The queue, as connections of a run work on it.
class SendWork final : public CopyWork {
public:
    SendWork(CopyQueue& queue, CopySenderOptions options)
        : queue_(queue), options_(std::move(options)) {}

    std::unique_ptr<CopyTalk> talk(const CopyConnectionPtr& connection,
                                   const Executor& executor) override {
        CopySenderOptions options = options_;
        options.window = connection->window;
        options.window_bytes = connection->window_bytes;
        auto on_starved = [weak = std::weak_ptr(connection), executor](int descriptor) {
            wake_when_readable(weak, executor, descriptor);
        };
        return std::make_unique<CopySender>(queue_, std::move(options), connection->stream.peer(),
                                            std::move(on_starved));
    }
    bool finished() const override { return queue_.finished(); }
    bool has_more() const override { return queue_.has_more(); }
    /// Of a small file most of the work is not its bytes.
    std::uint64_t done() const override {
        constexpr std::uint64_t file = 4096;  // bytes' worth
        return queue_.progress().bytes + file * queue_.progress().files;
    }
    void on_change(std::function<void()> call) override { queue_.on_change(std::move(call)); }

private:
    CopyQueue& queue_;
    const CopySenderOptions options_;
};

}  // namespace

struct CopySend::State {
    State(CopySendPlan plan, DiskPool& disk, CopyQueue& queue)
        : work(queue, plan.options), run(run_plan(plan), disk, work) {}

    SendWork work;
    CopyRun run;
};

CopySend::CopySend(CopySendPlan plan, DiskPool& disk, CopyQueue& queue)
    : state_(std::make_shared<State>(std::move(plan), disk, queue)) {}
CopySend::~CopySend() = default;

const std::string& CopySend::peer() const { return state_->run.peer(); }

Task<Result<bool>> CopySend::connect(CopyConnectionPtr idle) {
    return state_->run.connect(std::move(idle));
}

Task<Result<>> CopySend::run() { return state_->run.run(); }

}  // namespace netcopy
