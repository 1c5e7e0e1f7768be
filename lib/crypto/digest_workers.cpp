#include "crypto/digest_workers.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace netcopy {
namespace {

constexpr std::size_t slots = 4;
constexpr std::size_t slot_size = 256 * 1024;  // bytes
constexpr std::size_t most_threads = 16;       // of the process, whatever the machine

std::atomic<std::size_t> threads_running = 0;

bool take_threads(std::size_t count) {
    const std::size_t most =
        std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, most_threads);
    std::size_t running = threads_running;
    do {
        if (running + count > most) return false;
    } while (!threads_running.compare_exchange_weak(running, running + count));
    return true;
}

}  // namespace

/// A ring of pieces that every worker goes through.
struct DigestWorkers::State {
    explicit State(std::span<Digest* const> all)
        : digests(all.begin(), all.end()), hashed(all.size()), memory(slots * slot_size) {}

    ~State() {
        {
            const std::lock_guard lock(mutex);
            abandoned = true;
        }
        filled.notify_all();
        join();
        threads_running -= digests.size();
    }

    void join() {
        for (std::thread& thread : threads) thread.join();
        threads.clear();
    }

    MutableBytes slot(std::uint64_t piece) {
        return MutableBytes(memory).subspan(piece % slots * slot_size, slot_size);
    }

    void hash(std::size_t worker) {
        std::unique_lock lock(mutex);
        for (;;) {
            filled.wait(lock, [&] { return abandoned || ended || hashed[worker] < written; });
            if (abandoned || hashed[worker] == written) return;
            const std::uint64_t piece = hashed[worker];
            const Bytes bytes = slot(piece).first(sizes[piece % slots]);
            lock.unlock();
            digests[worker]->update(bytes);
            lock.lock();
            ++hashed[worker];
            emptied.notify_one();
        }
    }

    void wait_for_room() {
        std::unique_lock lock(mutex);
        emptied.wait(lock, [this] { return written - *std::ranges::min_element(hashed) < slots; });
    }

    /// Hands the piece that is being filled to the workers.
    void hand_over() {
        {
            const std::lock_guard lock(mutex);
            sizes[written % slots] = filling;
            ++written;
        }
        filling = 0;
        filled.notify_all();
    }

    std::mutex mutex;  // guards all up to `ended`
    std::condition_variable filled, emptied;
    std::uint64_t written = 0;               // pieces
    std::array<std::size_t, slots> sizes{};  // bytes
    bool abandoned = false;
    bool ended = false;
    std::vector<Digest*> digests;       // each its worker's
    std::vector<std::uint64_t> hashed;  // pieces, by each; guarded as well
    std::vector<std::byte> memory;      // a piece is the user's until it is written, then theirs
    std::size_t filling = 0;            // bytes in the piece that is the user's
    std::vector<std::thread> threads;
};

DigestWorkers::DigestWorkers(std::unique_ptr<State> state) : state_(std::move(state)) {}
DigestWorkers::~DigestWorkers() = default;

std::unique_ptr<DigestWorkers> DigestWorkers::start(std::span<Digest* const> digests) {
    if (digests.empty() || !take_threads(digests.size())) return nullptr;
    auto state = std::make_unique<State>(digests);
    try {
        for (std::size_t i = 0; i < digests.size(); ++i) {
            state->threads.emplace_back([worker = i, ring = state.get()] { ring->hash(worker); });
        }
    } catch (const std::system_error&) {  // the user's limit of threads
        return nullptr;
    }
    return std::unique_ptr<DigestWorkers>(new DigestWorkers(std::move(state)));
}

void DigestWorkers::update(Bytes bytes) {
    while (!bytes.empty()) {
        if (state_->filling == 0) state_->wait_for_room();
        const MutableBytes room = state_->slot(state_->written).subspan(state_->filling);
        const Bytes part = bytes.first(std::min(room.size(), bytes.size()));
        std::ranges::copy(part, room.begin());
        state_->filling += part.size();
        bytes = bytes.subspan(part.size());
        if (state_->filling == slot_size) state_->hand_over();
    }
}

void DigestWorkers::finish() {
    if (state_->filling > 0) state_->hand_over();
    {
        const std::lock_guard lock(state_->mutex);
        state_->ended = true;
    }
    state_->filled.notify_all();
    state_->join();
}

}  // namespace netcopy
