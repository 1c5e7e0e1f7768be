#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "file/descriptor.hpp"

/// How files in the making are called: `.NAME.netcopy-` and 16 hex digits (safe_name.hpp tells them
/// from others). For file/ only.
namespace netcopy {

inline constexpr std::string_view temporary_mark = ".netcopy-";
inline constexpr std::string_view journal_suffix = ".journal";

/// NAME is cut so that the whole, and `.journal` behind it, is no longer than 255 bytes.
std::string temporary_name(std::string_view name, std::uint64_t digits);
/// With random digits.
std::string temporary_name(std::string_view name);

/// Calls make(const char*) with fresh temporary names until it does not fail for EEXIST. Returns
/// its last result, negative with errno as system calls do; `chosen` is then the name of the last
/// try.
template <class Make>
int with_temporary_name(std::string_view name, std::string& chosen, Make make) {
    constexpr int attempts = 8;  // 64 random bits: even a second one is for planted files only
    int result = -1;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        chosen = temporary_name(name);
        result = make(chosen.c_str());
        if (result >= 0 || errno != EEXIST) break;
    }
    return result;
}

/// A new empty file of the folder, open for reading and writing. None: errno says why, and `chosen`
/// is empty.
Descriptor make_temporary(int folder, std::string_view name, mode_t mode, std::string& chosen);

/// `name` becomes a link to `target`, in one step, whatever it was before (but a folder). False:
/// errno says why.
bool replace_by_link(int folder, const std::string& name, const std::string& target);

/// Gives an open file without a name (O_TMPFILE) this one. Negative: errno, EEXIST when the name is
/// taken.
int link_open_file(int file, int folder, const char* name);
/// Renames within the folder; never replaces. Negative: errno, EEXIST when the name is taken.
int rename_without_replacing(int folder, const char* from, const char* to);

}  // namespace netcopy
