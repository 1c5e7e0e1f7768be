#include "net/io_threads.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include "net/disk_pool.hpp"

namespace netcopy {

struct IoThreads::Thread {
    asio::io_context io{1};  // one thread runs it: no hand-over between threads to prepare for
    asio::executor_work_guard<Executor> work{io.get_executor()};
    std::thread thread{[this] { io.run(); }};
};

IoThreads::IoThreads(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) threads_.push_back(std::make_unique<Thread>());
}

IoThreads::~IoThreads() {
    for (const auto& each : threads_) each->io.stop();
    for (const auto& each : threads_) each->thread.join();
    DiskPool::wait_until_idle();  // jobs refer to tasks that go now
}

std::vector<Executor> IoThreads::executors() const {
    std::vector<Executor> all;
    for (const auto& each : threads_) all.push_back(each->io.get_executor());
    return all;
}

}  // namespace netcopy
