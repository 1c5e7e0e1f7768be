#pragma once

#include <catch2/catch.hpp>

#include "base/error.hpp"

/// How a failed REQUIRE(result) shows it. Boost's own operator<< wants one for every value and
/// Error.
template <class T>
struct Catch::StringMaker<netcopy::Result<T>> {
    static std::string convert(const netcopy::Result<T>& result) {
        return result.has_value() ? "a value" : "error: " + result.error().context;
    }
};
