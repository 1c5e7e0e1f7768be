#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

/// Symbolic links to the running program. Errors are Errc::local_file unless stated. Blocking.
namespace netcopy {

/// The absolute path of the running program. Linux: /proc/self/exe, see proc(5).
Result<std::string> own_program();

/// What a link in the folder `dir` has to say so that it leads to `program`, an absolute path: its
/// bare name where `dir` is the program's own folder (the folder may then be moved), else the path.
/// An error when `dir` is no folder.
Result<std::string> link_target(const std::string& dir, std::string_view program);

/// Makes the symbolic link `name`, one path component, in the existing folder `dir`. A link there
/// that leads to a program of the same name as `target`'s, wherever that is or was, is replaced
/// atomically; Errc::refused for anything else, which is then untouched.
Result<> make_link(const std::string& dir, const std::string& name, const std::string& target);

}  // namespace netcopy
