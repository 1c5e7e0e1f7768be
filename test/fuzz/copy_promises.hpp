#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"
#include "wire/copy.hpp"
#include "wire/copy_check.hpp"

/// What wire/copy.hpp promises of each parser, for the fuzzers of netcopy/1. A broken promise
/// aborts.
namespace netcopy::fuzz {

inline void require(bool promise) {
    if (!promise) std::abort();
}

/// The input in a heap block of exactly its size.
class Exact {
public:
    explicit Exact(std::string_view bytes) : copy_(new char[bytes.size()]), size_(bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), copy_.get());
    }
    std::string_view view() const { return {copy_.get(), size_}; }

private:
    std::unique_ptr<char[]> copy_;
    std::size_t size_;
};

using wire::line_of;

template <class... Messages>
std::string line_of(const std::variant<Messages...>& message) {
    return std::visit([](const auto& one) { return line_of(one); }, message);
}

/// Bytes of the text that the message has for people.
template <class Message>
std::size_t text_size(const Message& message) {
    if constexpr (requires { message.text; }) {
        return message.text.size();
    } else {
        return 0;
    }
}

template <class... Messages>
std::size_t text_size(const std::variant<Messages...>& message) {
    return std::visit([](const auto& one) { return text_size(one); }, message);
}

/// Short, and nothing in it could move a cursor.
inline void check_error(const Error& error) {
    require(error == Errc::protocol || error == Errc::refused);
    require(!error.context.empty() && error.context.size() < 400);
    require(std::all_of(error.context.begin(), error.context.end(),
                        [](char c) { return c >= ' ' && c < '\x7f'; }));
}

/// Where the first line ends, its LF included; 0: nowhere within the limit.
inline std::size_t end_of_line(std::string_view bytes, std::size_t limit) {
    const std::size_t end = bytes.substr(0, limit).find('\n');
    return end == std::string_view::npos ? 0 : end + 1;
}

/// The message goes there and back. Texts may be cut when they are written, so that they fit.
template <class Parse, class Message>
void check_there_and_back(Parse parse, const Message& message) {
    constexpr std::size_t never_cut = 200;
    const std::string line = line_of(message);
    const auto again = parse(line);
    require(again && again->verdict == wire::Verdict::complete && again->used == line.size());
    require(line_of(again->message) == line);
    require(again->message == message || text_size(message) > never_cut);
}

/// Checks one line; bytes used, 0 when there is no message in front.
template <class Parse>
std::size_t check_line(std::string_view input, std::size_t limit, Parse parse) {
    const Exact exact(input);
    const std::string_view bytes = exact.view();
    const std::size_t end = end_of_line(bytes, limit);
    const auto parsed = parse(bytes);
    if (!parsed) {
        check_error(parsed.error());
        return 0;
    }
    require(parsed->skipped == 0);
    if (parsed->verdict == wire::Verdict::need_more) {
        require(end == 0 && parsed->used == 0 && bytes.size() < limit);
        return 0;
    }
    require(parsed->verdict == wire::Verdict::complete);
    require(end != 0 && parsed->used == end);

    // Nothing behind the line has a say, and without its end it is none.
    const Exact alone(bytes.substr(0, end));
    const auto same = parse(alone.view());
    require(same && same->used == end && same->message == parsed->message);
    const Exact unfinished(bytes.substr(0, end - 1));
    const auto less = parse(unfinished.view());
    require(less && less->verdict == wire::Verdict::need_more);

    check_there_and_back(parse, parsed->message);
    return end;
}

/// Cuts the first line off the input and gives it its check, which no fuzzer finds. Empty: there
/// is none.
inline std::string take_sealed_line(std::string_view& input) {
    const std::size_t end = input.find('\n');
    if (end == std::string_view::npos) return {};
    std::string line(input.substr(0, end));
    const wire::CopyCheck check = wire::copy_check(line);
    line.append(check.data(), check.size());
    line += '\n';
    input.remove_prefix(end + 1);
    return line;
}

}  // namespace netcopy::fuzz
