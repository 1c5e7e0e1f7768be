#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/task.hpp"

namespace netcopy {

/// Keys and values of any bytes that are forgotten after a while. Thread-safe. Every implementation
/// passes test/unit/store/ttl_store_conformance.hpp.
class TtlStore {
public:
    virtual ~TtlStore() = default;

    /// Keeps `value` for `validity` from now; replaces what the key had. Errc::refused when full.
    /// The views must hold until the task ends.
    virtual Task<Result<>> put(std::string_view key, std::string_view value,
                               std::chrono::seconds validity) = 0;

    /// The value, unless there is none or its time is over. Errc::failed when the store cannot
    /// tell.
    virtual Task<Result<std::optional<std::string>>> get(std::string_view key) = 0;
};

}  // namespace netcopy
