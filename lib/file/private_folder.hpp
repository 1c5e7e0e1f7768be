#pragma once

#include <filesystem>

#include "base/error.hpp"
#include "file/descriptor.hpp"

/// A folder for what is only our user's, such as a cache. Calls block; errors are Errc::local_file.
namespace netcopy {

/// Makes the folder, and those above it, unless they are there; new ones are for nobody else (0700,
/// as the XDG Base Directory Specification asks).
Result<> make_private_folder(const std::filesystem::path& folder);

/// Waits until no other process holds the lock of that name. The lock is held as long as the
/// descriptor is open; the file of that name stays.
Result<Descriptor> lock_file(const std::filesystem::path& path);

/// Renames within a folder, replacing what has the new name. Nothing happens where there is
/// nothing.
Result<> put_aside(const std::filesystem::path& path, const std::filesystem::path& aside);

}  // namespace netcopy
