#include "store/collector.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

namespace netcopy {
namespace {

constexpr std::chrono::seconds collect_every{1};

}  // namespace

struct Collector::State {
    Task<> run() {
        while (!stopped) {
            for (std::size_t part = 0; part < MemoryStore::parts && !stopped; ++part) {
                store->collect(part);
                co_await asio::post(UseTask());
            }
            store->give_back_memory();
            if (stopped) co_return;
            timer.expires_after(collect_every);
            co_await timer.async_wait(asio::as_tuple(UseTask()));
        }
    }

    Timer timer;
    std::shared_ptr<MemoryStore> store;
    bool stopped = false;
};

Collector::Collector(const Executor& executor, std::shared_ptr<MemoryStore> store)
    : state_(new State{Timer(executor), std::move(store)}) {
    // The closure gets a name because GCC 12 destroys a temporary one too early (bug 107288).
    auto task = [state = state_]() -> Task<> { co_await state->run(); };
    asio::co_spawn(executor, std::move(task), asio::detached);
}

Collector::~Collector() {
    state_->stopped = true;
    state_->timer.cancel();
}

}  // namespace netcopy
