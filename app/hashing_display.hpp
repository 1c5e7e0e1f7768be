#pragma once

#include "app/command.hpp"

namespace netcopy::app {

/// A bar for as long as files of a shared folder are hashed. On the main thread.
class HashingDisplay {
public:
    explicit HashingDisplay(Context& context)
        : context_(context), looked_(context.io.get_executor()) {}

    /// Until stop(), or cancelled.
    Task<> run(const TreeProgress& progress);
    void stop() {
        stopped_ = true;
        looked_.cancel();
    }

private:
    Context& context_;
    Timer looked_;
    bool stopped_ = false;
};

}  // namespace netcopy::app
