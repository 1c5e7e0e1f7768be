#include "app/list_printer.hpp"

#include <unistd.h>

#include <chrono>
#include <ctime>

#include "app/utf8.hpp"

namespace netcopy::app {
namespace {

constexpr std::size_t shown_digits = 12;  // of an id, in the table
constexpr std::size_t batch = 64 * 1024;  // bytes that are written together

/// `digits` of them, with zeros in front.
void append_digits(std::string& text, std::uint64_t number, std::size_t digits) {
    text.resize(text.size() + digits, '0');
    for (auto at = text.rbegin(); number > 0; ++at, number /= 10) {
        *at = static_cast<char>('0' + number % 10);
    }
}

/// "2026-11-20T13:14:49.123456789Z"; "-" when nobody knows, or the year has not four digits. By
/// hand: a long list has many of them.
std::string utc(const std::optional<FileTime>& time) {
    constexpr std::int64_t year_0 = -62'167'219'200, year_10000 = 253'402'300'800;
    if (!time || time->seconds < year_0 || time->seconds >= year_10000) return "-";
    const std::chrono::sys_seconds at{std::chrono::seconds(time->seconds)};
    const auto midnight = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day day(midnight);
    const auto second = static_cast<std::uint64_t>((at - midnight).count());
    std::string text;
    text.reserve(32);
    append_digits(text, static_cast<std::uint64_t>(static_cast<int>(day.year())), 4);
    append_digits(text += '-', static_cast<unsigned>(day.month()), 2);
    append_digits(text += '-', static_cast<unsigned>(day.day()), 2);
    append_digits(text += 'T', second / 3600, 2);
    append_digits(text += ':', second / 60 % 60, 2);
    append_digits(text += ':', second % 60, 2);
    append_digits(text += '.', time->nanoseconds, 9);
    return text + 'Z';
}

/// In the user's time zone, to the minute.
std::string local(const std::optional<FileTime>& time) {
    if (!time) return "-";
    const std::time_t seconds = time->seconds;
    std::tm parts{};
    if (::localtime_r(&seconds, &parts) == nullptr) return "-";
    char text[64];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts)};
}

std::string padded(std::string text, std::size_t width, bool right) {
    if (text.size() >= width) return text;
    text.insert(right ? 0 : text.size(), width - text.size(), ' ');
    return text;
}

/// The table's columns are as wide as their widest contents, so that lines need not be collected.
std::string table_line(std::string id, std::string size, std::string time, std::string_view name) {
    return padded(std::move(id), shown_digits, false) + "  " + padded(std::move(size), 8, true) +
           "  " + padded(std::move(time), 16, false) + "  " + std::string(name) + "\n";
}

std::string table_line(std::string digest, std::string size, std::string time, std::string sources,
                       std::string_view name) {
    return table_line(std::move(digest), std::move(size), std::move(time),
                      padded(std::move(sources), 7, true) + "  " + std::string(name));
}

/// printable(), and a backslash is told from one that begins an escape.
std::string field(std::string_view name) {
    std::string text;
    for (auto at = name.find('\\'); at != std::string_view::npos; at = name.find('\\')) {
        text += printable(name.substr(0, at)) + "\\x5c";
        name.remove_prefix(at + 1);
    }
    return text + printable(name);
}

std::string tab_line(std::initializer_list<std::string_view> fields) {
    std::string line;
    for (const std::string_view each : fields) {
        if (!line.empty()) line += '\t';
        line += each;
    }
    return line += '\n';
}

}  // namespace

ListPrinter::ListPrinter(Renderer& output)
    : output_(output), table_(!output.json() && ::isatty(STDOUT_FILENO) == 1) {}

void ListPrinter::add(const ListedFile& file) {
    if (!written_) return;  // stdout takes nothing more
    if (table_ && files_ == 0) text_ += table_line("ID", "SIZE", "CHANGED", "NAME");
    ++files_;
    text_ += line_of(file);
}

void ListPrinter::add(const CatalogueEntry& entry) {
    if (!written_) return;
    if (table_ && files_ == 0) text_ += table_line("SHA-256", "SIZE", "CHANGED", "SOURCES", "NAME");
    ++files_;
    text_ += line_of(entry);
}

void ListPrinter::flush() {
    if (written_ && !text_.empty()) written_ = output_.write(text_);
    text_.clear();
}

void ListPrinter::flush_when_due() {
    if (text_.size() >= batch || table_) flush();
}

std::string ListPrinter::line_of(const ListedFile& file) const {
    if (output_.json()) {
        FileReport report;
        report.name = file.name;
        report.outcome = "listed";
        report.bytes = file.size;
        report.digests["md5"] = file.id;
        if (!file.sha256.empty()) report.digests["sha256"] = file.sha256;
        if (file.mtime) report.mtime = utc(file.mtime);
        return output_.text_of(report, {});
    }
    if (table_) {
        return table_line(file.id.substr(0, shown_digits), format_bytes(file.size),
                          local(file.mtime), printable(file.name));
    }
    return tab_line({file.id, std::to_string(file.size), utc(file.mtime), field(file.name)});
}

std::string ListPrinter::line_of(const CatalogueEntry& entry) const {
    const std::string sources = std::to_string(entry.sources.size());
    if (output_.json()) {
        FileReport report;
        report.name = entry.name;
        report.outcome = "listed";
        report.bytes = entry.size.value_or(FileReport::unknown);
        if (!entry.md5.empty()) report.digests["md5"] = entry.md5;
        if (!entry.sha256.empty()) report.digests["sha256"] = entry.sha256;
        if (entry.mtime) report.mtime = utc(entry.mtime);
        report.sources = entry.sources.size();
        return output_.text_of(report, {});
    }
    const std::string_view digest = entry.sha256.empty() ? "-" : std::string_view(entry.sha256);
    if (table_) {
        return table_line(std::string(digest.substr(0, shown_digits)),
                          entry.size ? format_bytes(*entry.size) : "-", local(entry.mtime), sources,
                          printable(entry.name));
    }
    const std::string size = entry.size ? std::to_string(*entry.size) : "-";
    return tab_line({digest, size, utc(entry.mtime), sources, field(entry.name)});
}

}  // namespace netcopy::app
