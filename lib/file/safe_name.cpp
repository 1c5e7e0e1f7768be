#include "file/safe_name.hpp"

#include <algorithm>
#include <string>

#include "base/bytes.hpp"
#include "file/temporary.hpp"

namespace netcopy {
namespace {

constexpr std::size_t longest_component = 255;  // bytes, as in every Linux file system
constexpr std::size_t longest_path = 4096;

/// Why a component is refused; null when it is not.
const char* fault_of(std::string_view component) {
    if (component.empty()) return "it has an empty component";
    if (component == "." || component == "..") return "'.' and '..' are not allowed";
    if (component.size() > longest_component) return "a component is longer than 255 bytes";
    if (component.find('\0') != std::string_view::npos) return "it has a NUL byte";
    if (is_temporary_name(component)) return "netcopy's own temporary files have such names";
    return nullptr;
}

Error refused(std::string_view name, const char* fault) {
    return make_error(Errc::refused, "the name '" + escape(name) + "' is refused: " + fault);
}

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

Result<> safe_name(std::string_view component) {
    if (component.find('/') != std::string_view::npos) {
        return refused(component, "it has a slash");
    }
    const char* const fault = fault_of(component);
    return fault == nullptr ? Result<>() : refused(component, fault);
}

Result<> safe_path(std::string_view path) {
    if (path.size() > longest_path) return refused(path, "it is longer than 4096 bytes");
    for (std::string_view rest = path;;) {
        const std::size_t slash = rest.find('/');
        if (const char* const fault = fault_of(rest.substr(0, slash))) return refused(path, fault);
        if (slash == std::string_view::npos) return {};
        rest.remove_prefix(slash + 1);
    }
}

bool is_temporary_name(std::string_view component) {
    if (!component.starts_with('.')) return false;
    component.remove_prefix(1);
    if (component.ends_with(journal_suffix)) component.remove_suffix(journal_suffix.size());
    constexpr std::size_t digits = 16;
    if (component.size() < temporary_mark.size() + digits) return false;
    const std::string_view end = component.substr(component.size() - digits);
    component.remove_suffix(digits);
    return component.ends_with(temporary_mark) && std::ranges::all_of(end, is_lower_hex);
}

std::string renamed(std::string_view component, unsigned number) {
    const std::string mark = " (" + std::to_string(number) + ")";
    std::size_t dot = std::min(component.rfind('.'), component.size());
    // A leading dot makes a name hidden, and is no extension's. One that leaves no room is none.
    if (dot == 0 || component.size() - dot + mark.size() >= longest_component) {
        dot = component.size();
    }
    const std::string_view extension = component.substr(dot);
    const std::size_t room = longest_component - mark.size() - extension.size();
    std::string name(component.substr(0, std::min(dot, room)));
    return name.append(mark).append(extension);
}

}  // namespace netcopy
