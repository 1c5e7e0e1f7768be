#include "file/incoming.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file/incoming_state.hpp"
#include "file/io.hpp"
#include "file/temporary.hpp"

namespace netcopy {
namespace {

constexpr std::string_view busy = ": busy, another connection is writing it";

bool has_reason(const Error& error, int errno_value) {
    const error_code reason(errno_value, boost::system::generic_category());
    return error == Errc::local_file && error.context.ends_with(": " + reason.message());
}

}  // namespace

bool is_busy(const Error& error) { return error == Errc::refused && error.context.ends_with(busy); }

bool is_out_of_descriptors(const Error& error) {
    return has_reason(error, EMFILE) || has_reason(error, ENFILE);
}

bool is_out_of_space(const Error& error) {
    return has_reason(error, ENOSPC) || has_reason(error, EDQUOT);
}

IncomingFile::IncomingFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
IncomingFile::IncomingFile(IncomingFile&&) noexcept = default;
IncomingFile& IncomingFile::operator=(IncomingFile&&) noexcept = default;
IncomingFile::~IncomingFile() = default;

std::uint64_t IncomingFile::kept() const { return state_->position; }
Result<bool> IncomingFile::check_some() { return state_->check_some(); }
std::uint64_t IncomingFile::kept_crc64() const { return state_->journal.crc(); }
Result<> IncomingFile::start_over() { return state_->start_over(); }
void IncomingFile::keep() noexcept { state_->keep(); }
void IncomingFile::discard() noexcept { state_->discard(); }

Result<> IncomingFile::write_at(std::uint64_t offset, Bytes bytes) {
    State& state = *state_;
    if (state.checking || offset < state.position) return state.failed("write", EINVAL);
    if (bytes.empty()) return {};
    if (state.stream) {
        state.position = offset + bytes.size();
        return state.stream->write_at(offset, bytes);
    }
    if (!write_all_at(state.file.get(), bytes, offset)) return state.failed("write", errno);
    if (state.resumable()) {
        state.journal.add_zeros(offset - state.position);
        state.journal.add(bytes);
        state.journal.flush();
    }
    state.position = offset + bytes.size();
    return {};
}

Result<std::size_t> IncomingFile::read_at(std::uint64_t offset, MutableBytes buffer) const {
    const ssize_t got = read_all_at(state_->file.get(), buffer, offset);
    if (got < 0) return state_->failed("read back", errno);
    return static_cast<std::size_t>(got);
}

Result<> IncomingFile::finish(std::uint64_t size) {
    State& state = *state_;
    if (state.stream) return state.stream->finish(size);
    const int file = state.file.get();
    if (size != state.position && ::ftruncate(file, static_cast<off_t>(size)) != 0) {
        return state.failed("write", errno);
    }
    std::optional<std::uint32_t> mode = state.plan.mode;
    struct stat existing {};
    if (!mode && state.plan.existing == Existing::replace &&
        ::fstatat(state.folder->descriptor.get(), state.component.c_str(), &existing,
                  AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(existing.st_mode)) {
        mode = existing.st_mode;  // what was private stays so
    }
    if (mode && ::fchmod(file, *mode & 0777) != 0) {
        return state.failed("set the access rights of", errno);
    }
    if (state.plan.keep_mtime) {
        const timespec times[] = {{0, UTIME_OMIT}, to_timespec(state.plan.mtime)};
        if (::futimens(file, times) != 0) return state.failed("set the time of", errno);
    }
    return {};
}

void IncomingFile::retarget(std::string_view component, Existing existing) {
    state_->component = component;
    state_->plan.existing = existing;
    state_->shown.clear();
}

const std::string& IncomingFile::name() const {
    if (state_->shown.empty()) {
        state_->shown =
            state_->folder ? state_->folder->shown(state_->component) : quote(state_->component);
    }
    return state_->shown;
}

IncomingFile::State::~State() { keep(); }

Error IncomingFile::State::failed(std::string_view what, int reason) const {
    return make_error(Errc::local_file,
                      "cannot " + std::string(what) + " " + folder->shown(component), reason);
}

Error IncomingFile::State::refused(std::string_view why) const {
    return make_error(Errc::refused, "cannot write " + folder->shown(component) + std::string(why));
}

Result<> IncomingFile::State::open_small(bool& unnamed) {
    const int in = folder->descriptor.get();
    // Nobody but us needs to read it before the access rights are known.
    const mode_t mode = plan.mode ? 0600 : 0666;
    if (unnamed) {
        file = Descriptor(::openat(in, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
        if (file) return reserve();
        // open(2): what file systems and kernels without it say. ENOENT: the folder was removed.
        if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
            return failed("write", errno);
        }
        unnamed = false;
    }
    file = make_temporary(in, component, mode, temporary);
    return file ? reserve() : failed("write", errno);
}

Result<> IncomingFile::State::reserve() {
    const std::uint64_t size = plan.sparse ? 0 : plan.size.value_or(plan.reserve);
    if (size < resumable_size || size <= position) return {};
    std::uint64_t missing = size - position;
    struct stat status {};
    if (scattered() && ::fstat(file.get(), &status) == 0) {
        constexpr std::uint64_t unit = 512;  // of st_blocks
        missing -= std::min(missing, static_cast<std::uint64_t>(status.st_blocks) * unit);
    }
    // Asked first: a reservation that fails has filled the disk for a moment on some file systems.
    struct statvfs space {};
    int reason = 0;
    if (::fstatvfs(file.get(), &space) == 0 && missing / space.f_frsize > space.f_bavail) {
        reason = ENOSPC;
    } else if (::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(position),
                           static_cast<off_t>(size - position)) != 0) {
        reason = errno;
    }
    if (reason == 0 || reason == EOPNOTSUPP || reason == EINTR) return {};
    return failed("reserve the space for", reason);
}

void IncomingFile::State::keep() noexcept {
    if (!file) return;
    // Without a record nothing could be gone on with.
    const std::uint64_t records = scattered() ? blocks.known() : journal.records();
    if (!resumable() || records == 0) return discard();
    // What was reserved and not used is given back; the next attempt reserves anew.
    struct stat status {};
    if (::fstat(file.get(), &status) == 0) {
        [[maybe_unused]] const int cut = ::ftruncate(file.get(), status.st_size);
    }
    journal = Journal();
    blocks = BlockJournal();
    file = Descriptor();
}

void IncomingFile::State::discard() noexcept {
    if (!temporary.empty()) {
        const int in = folder->descriptor.get();
        if (resumable()) ::unlinkat(in, (temporary + std::string(journal_suffix)).c_str(), 0);
        ::unlinkat(in, temporary.c_str(), 0);
        temporary.clear();
    }
    journal = Journal();
    blocks = BlockJournal();
    file = Descriptor();  // and with it the lock, after the names are gone
}

}  // namespace netcopy
