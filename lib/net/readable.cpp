#include "net/readable.hpp"

#include <sys/epoll.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>

namespace netcopy {

Task<> wait_readable(int descriptor) {
    // Asio would make what it waits for non-blocking, for every process that shares it, and close
    // it. So it waits for an epoll instance, which is readable when what it watches is.
    asio::posix::basic_stream_descriptor<Executor> watcher(co_await asio::this_coro::executor,
                                                           ::epoll_create1(EPOLL_CLOEXEC));
    epoll_event readable{};
    readable.events = EPOLLIN;
    if (::epoll_ctl(watcher.native_handle(), EPOLL_CTL_ADD, descriptor, &readable) != 0) {
        throw boost::system::system_error(errno, boost::system::generic_category(),
                                          "cannot wait for input");
    }
    co_await watcher.async_wait(asio::posix::descriptor_base::wait_read, UseTask());
}

}  // namespace netcopy
