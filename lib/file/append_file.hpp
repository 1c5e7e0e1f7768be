#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "file/descriptor.hpp"

namespace netcopy {

/// A file that grows by whole lines, also when several processes write to it. Thread-safe; calls
/// block.
class AppendFile {
public:
    /// Makes it when it is not there. Errc::local_file.
    static Result<AppendFile> open(const std::filesystem::path& path);

    /// `line` without its LF. What cannot be written is lost.
    void write_line(std::string_view line) const noexcept;

private:
    explicit AppendFile(Descriptor file) : file_(std::move(file)) {}

    Descriptor file_;
};

}  // namespace netcopy
