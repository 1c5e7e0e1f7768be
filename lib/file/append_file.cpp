#include "file/append_file.hpp"

#include <fcntl.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "base/bytes.hpp"

namespace netcopy {

Result<AppendFile> AppendFile::open(const std::filesystem::path& path) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
    if (!file) return make_error(Errc::local_file, "cannot open " + quote(path.string()), errno);
    return AppendFile(std::move(file));
}

void AppendFile::write_line(std::string_view line) const noexcept {
    char end = '\n';
    std::array<iovec, 2> parts{iovec{const_cast<char*>(line.data()), line.size()}, iovec{&end, 1}};
    // One call, so that lines of several writers do not mix. There is nobody to tell a failure.
    [[maybe_unused]] const ssize_t written =
        ::writev(file_.get(), parts.data(), static_cast<int>(parts.size()));
}

}  // namespace netcopy
