#pragma once

#include <algorithm>
#include <concepts>
#include <cstring>

#include "base/bytes.hpp"

/// Big-endian fields of a packet, one behind the other. For rudp/ only.
namespace netcopy::rudp {

/// Reads fields as long as there are enough bytes; from then on `good()` is false, and everything
/// zero.
class FieldReader {
public:
    explicit FieldReader(Bytes bytes) : rest_(bytes) {}

    template <std::unsigned_integral T>
    T number() {
        T value = 0;
        for (const std::byte each : bytes(sizeof(T))) {
            value = static_cast<T>((value << 7 << 1) | std::to_integer<T>(each));
        }
        return value;
    }
    Bytes bytes(std::size_t count) {
        if (count > rest_.size()) good_ = false;
        const Bytes taken = rest_.first(good_ ? count : 0);
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    template <std::size_t N>
    void copy(std::array<std::byte, N>& to) {
        std::ranges::copy(bytes(N), to.begin());
    }

    bool good() const { return good_; }
    Bytes rest() const { return rest_; }
    /// Everything was there, and nothing is behind it.
    bool whole() const { return good_ && rest_.empty(); }

private:
    Bytes rest_;
    bool good_ = true;
};

/// Writes fields as long as there is room; `size()` is 0 if there was not enough.
class FieldWriter {
public:
    explicit FieldWriter(MutableBytes out) : out_(out) {}

    template <std::unsigned_integral T>
    void number(T value) {
        if (!reserve(sizeof(T))) return;
        for (std::size_t i = sizeof(T); i-- > 0;) {
            out_[used_++] = static_cast<std::byte>(value >> (8 * i));
        }
    }
    void bytes(Bytes from) {
        if (from.empty() || !reserve(from.size())) return;
        std::memcpy(out_.data() + used_, from.data(), from.size());
        used_ += from.size();
    }
    void zeros_to(std::size_t size) {
        if (size < used_ || !reserve(size - used_)) return;
        std::fill_n(out_.begin() + static_cast<std::ptrdiff_t>(used_), size - used_, std::byte{0});
        used_ = size;
    }

    std::size_t size() const { return good_ ? used_ : 0; }

private:
    bool reserve(std::size_t count) {
        good_ = good_ && count <= out_.size() - used_;
        return good_;
    }

    MutableBytes out_;
    std::size_t used_ = 0;
    bool good_ = true;
};

}  // namespace netcopy::rudp
