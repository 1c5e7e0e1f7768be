#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace netcopy {

/// The one judge of names from peers, for every protocol. Errc::refused, with the name escaped, for
/// what is no plain component: empty, ".", "..", with a slash or NUL, longer than 255 bytes, or of
/// the form of netcopy's own temporary files.
Result<> safe_name(std::string_view component);

/// A relative path of safe names joined by single slashes, at most 4096 bytes.
Result<> safe_path(std::string_view path);

/// Whether a file of that name is one of netcopy's in the making, or its journal.
bool is_temporary_name(std::string_view component);

/// What a file is called when its name is taken: `name (NUMBER).ext`. The name is cut where it
/// would become longer than 255 bytes. `component` is a safe one, and so is what comes.
std::string renamed(std::string_view component, unsigned number);

}  // namespace netcopy
