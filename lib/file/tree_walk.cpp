#include "file/tree_walk.hpp"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.hpp"
#include "file/folder_reader.hpp"
#include "file/safe_name.hpp"
#include "file/walk_rule.hpp"

namespace netcopy {

namespace fs = std::filesystem;

struct TreeWalk::State {
    State(std::vector<fs::path> given, WalkOptions wanted)
        : operands(std::move(given)), options(std::move(wanted)) {
        for (const WalkRule& rule : options.rules) patterns.emplace_back(rule);
    }

    /// A folder on the way down, as far as FolderReader does not know it.
    struct Level {
        std::size_t name_size;  // of `name` and `path`, when it is the current folder
        std::size_t path_size;
        bool unreadable = false;  // said already; nothing more is read of it
    };

    std::optional<WalkEntry> next_operand();
    std::optional<WalkEntry> next_below();
    std::optional<WalkEntry> visit(const FolderReader::Entry& entry);
    WalkEntry visit_folder(int reason);
    WalkEntry leave_folder();
    bool is_in(const char* last, bool folder) const;

    WalkEntry make(WalkEntry::Kind kind, const FileStatus& status) const {
        WalkEntry entry;
        entry.kind = kind;
        entry.name = name;
        entry.path = path;
        entry.status = status;
        return entry;
    }
    WalkEntry failed(std::string_view what, int reason) const {
        WalkEntry entry = make(WalkEntry::Kind::failed, {});
        entry.error =
            make_error(Errc::local_file, "cannot " + std::string(what) + " " + quote(path), reason);
        return entry;
    }
    WalkEntry not_sent(WalkEntry::Kind kind, std::string_view why, Errc code) const {
        WalkEntry entry = make(kind, {});
        entry.error = make_error(code, quote(path) + " " + std::string(why));
        return entry;
    }
    WalkEntry link(int folder, const char* last, const struct stat& status) const;

    std::vector<fs::path> operands;
    std::size_t next_operand_index = 0;
    WalkOptions options;
    std::vector<WalkPattern> patterns;

    FolderReader reader;
    std::vector<Level> levels;  // as many as the reader has
    std::string name;           // of the entry looked at
    std::string path;
    std::size_t below = 0;  // where in `name` the path below the operand begins
};

TreeWalk::TreeWalk(std::vector<fs::path> operands, WalkOptions options)
    : state_(std::make_unique<State>(std::move(operands), std::move(options))) {}
TreeWalk::TreeWalk(TreeWalk&&) noexcept = default;
TreeWalk::~TreeWalk() = default;

std::optional<WalkEntry> TreeWalk::next() {
    State& state = *state_;
    for (;;) {
        if (state.reader.depth() > 0) {
            if (auto entry = state.next_below()) return entry;
        } else if (state.next_operand_index == state.operands.size()) {
            return std::nullopt;
        } else if (auto entry = state.next_operand()) {
            return entry;
        }
    }
}

bool TreeWalk::State::is_in(const char* last, bool folder) const {
    if (patterns.empty()) return true;
    const std::string_view rest =
        below <= name.size() ? std::string_view(name).substr(below) : std::string_view();
    for (const WalkPattern& pattern : patterns) {
        if (pattern.matches(rest, last, folder)) return pattern.include();
    }
    return true;
}

WalkEntry TreeWalk::State::link(int folder, const char* last, const struct stat& status) const {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(folder, last, target.data(), target.size());
    if (size < 0) return failed("read the link", errno);
    WalkEntry entry = make(WalkEntry::Kind::link, make_status(status));
    entry.target.assign(target.data(), static_cast<std::size_t>(size));
    return entry;
}

/// After the reader has tried to enter it.
WalkEntry TreeWalk::State::visit_folder(int reason) {
    if (reason != 0) return failed("read the folder", reason);
    levels.push_back({name.size(), path.size()});
    return make(WalkEntry::Kind::folder_begin, make_status(reader.status()));
}

WalkEntry TreeWalk::State::leave_folder() {
    name.resize(levels.back().name_size);
    path.resize(levels.back().path_size);
    WalkEntry entry = make(WalkEntry::Kind::folder_end, make_status(reader.status()));
    levels.pop_back();
    reader.leave();
    return entry;
}

std::optional<WalkEntry> TreeWalk::State::next_operand() {
    path = operands[next_operand_index++].native();
    std::string_view shown = path;
    while (shown.size() > 1 && shown.ends_with('/')) shown.remove_suffix(1);
    shown.remove_prefix(shown.rfind('/') + 1);
    name = shown == "." || shown == ".." ? std::string() : std::string(shown);
    below = name.empty() ? 0 : name.size() + 1;
    const std::string last = name;

    struct stat status {};
    const int flags = options.links ? AT_SYMLINK_NOFOLLOW : 0;
    if (::fstatat(AT_FDCWD, path.c_str(), &status, flags) != 0) return failed("examine", errno);
    if (!last.empty() && !is_in(last.c_str(), S_ISDIR(status.st_mode))) return std::nullopt;
    if (S_ISREG(status.st_mode)) {
        WalkEntry entry = make(WalkEntry::Kind::file, make_status(status));
        // To be opened by a path that ends in no link.
        std::error_code error;
        if (fs::is_symlink(entry.path, error)) entry.path = fs::canonical(entry.path, error);
        if (error) return failed("examine", error.value());
        return entry;
    }
    if (S_ISLNK(status.st_mode)) return link(AT_FDCWD, path.c_str(), status);
    if (!S_ISDIR(status.st_mode)) {
        return not_sent(WalkEntry::Kind::failed, "is neither a file nor a folder",
                        Errc::local_file);
    }
    if (!options.recursive) {
        return not_sent(WalkEntry::Kind::failed, "is a folder; use -r", Errc::usage);
    }
    return visit_folder(reader.enter(AT_FDCWD, path.c_str(), true));
}

std::optional<WalkEntry> TreeWalk::State::next_below() {
    if (levels.back().unreadable) return leave_folder();
    const FolderReader::Entry* const entry = reader.next();
    if (entry != nullptr) return visit(*entry);
    if (const int reason = reader.failure(); reason != 0) {
        name.resize(levels.back().name_size);
        path.resize(levels.back().path_size);
        levels.back().unreadable = true;
        return failed("read the folder", reason);
    }
    return leave_folder();
}

std::optional<WalkEntry> TreeWalk::State::visit(const FolderReader::Entry& entry) {
    const std::string_view last = entry.name;
    if (is_temporary_name(last)) return std::nullopt;
    name.resize(levels.back().name_size);
    path.resize(levels.back().path_size);
    if (!name.empty()) name += '/';
    if (!path.ends_with('/')) path += '/';
    name += last;
    path += last;
    if (!is_in(entry.name, entry.type == DT_DIR)) return std::nullopt;
    if (entry.type == DT_DIR) {
        const std::string component(last);  // the entry does not outlive the change of folder
        return visit_folder(reader.enter(component.c_str()));
    }
    struct stat status {};
    switch (entry.type) {
        case DT_REG:
        case DT_UNKNOWN:  // gone already: says why
            if (!reader.examine(entry.name, status)) return failed("examine", errno);
            if (!S_ISREG(status.st_mode)) break;
            return make(WalkEntry::Kind::file, make_status(status));
        case DT_LNK:
            if (!options.links) {
                return not_sent(WalkEntry::Kind::left_out, "is a symbolic link", Errc::refused);
            }
            if (!reader.examine(entry.name, status)) return failed("examine", errno);
            return link(reader.descriptor(), entry.name, status);
        default:
            break;
    }
    return not_sent(WalkEntry::Kind::left_out, "is neither a file nor a folder", Errc::refused);
}

}  // namespace netcopy
