#include "net/readable.hpp"

#include <unistd.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

namespace netcopy {

Task<> wait_readable(int descriptor) {
    // A copy, because Asio closes what it is given.
    asio::posix::basic_stream_descriptor<Executor> waited(co_await asio::this_coro::executor,
                                                          ::dup(descriptor));
    co_await waited.async_wait(asio::posix::descriptor_base::wait_read, UseTask());
}

}  // namespace netcopy
