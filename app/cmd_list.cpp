#include <unistd.h>

#include <chrono>
#include <ctime>

#include "app/share_remote.hpp"
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

/// printable(), and a backslash is told from one that begins an escape.
std::string field(std::string_view name) {
    std::string text;
    for (auto at = name.find('\\'); at != std::string_view::npos; at = name.find('\\')) {
        text += printable(name.substr(0, at)) + "\\x5c";
        name.remove_prefix(at + 1);
    }
    return text + printable(name);
}

/// Puts files into lines and writes these in pieces. One call at a time, on any thread.
class ListPrinter {
public:
    explicit ListPrinter(Renderer& output)
        : output_(output), table_(!output.json() && ::isatty(STDOUT_FILENO) == 1) {}

    void add(const ListedFile& file) {
        if (!written_) return;  // stdout takes nothing more
        if (table_ && files_ == 0) text_ += table_line("ID", "SIZE", "CHANGED", "NAME");
        ++files_;
        text_ += line_of(file);
        if (text_.size() >= batch || table_) flush();
    }
    void flush() {
        if (written_ && !text_.empty()) written_ = output_.write(text_);
        text_.clear();
    }

    std::uint64_t files() const { return files_; }
    const Result<>& written() const { return written_; }

private:
    std::string line_of(const ListedFile& file) const {
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
        std::string line = file.id;
        line += '\t';
        line += std::to_string(file.size);
        line += '\t';
        line += utc(file.mtime);
        line += '\t';
        line += field(file.name);
        return line += '\n';
    }

    Renderer& output_;
    const bool table_;
    std::string text_;
    std::uint64_t files_ = 0;
    Result<> written_;
};

class ListJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("list ENDPOINT");
        options.operands(operands_, Completes::host);
        access_.describe(options);
        options.example("netcopy list 10.0.0.2", "show what a 'netcopy share' has");
        options.example("netcopy list 10.0.0.2 | sort -n -k 2",
                        "the same for programs: id, size, time and name, with tabs; by size");
    }

    Task<Result<int>> run(Context& context) override {
        auto operands = read_share_operands(operands_, 0, "name the server: ENDPOINT");
        if (!operands) co_return operands.error();
        if (!operands->words.empty()) {
            co_return make_error(Errc::usage, "takes one operand, the server: ENDPOINT");
        }
        DiskPool disk(2);
        ShareRemote remote(context, access_, operands->endpoint, disk);
        ListPrinter printer(context.output);
        const auto began = Clock::now();
        const auto listed =
            co_await remote.list([&printer](const ListedFile& file) { printer.add(file); });
        co_await disk.run([&printer] {
            printer.flush();
            return true;
        });
        Report& report = context.report;
        report.took = Clock::now() - began;
        report.peer = remote.peer();
        report.counts = {{"files", printer.files()}};
        if (!listed) co_return listed.error();
        if (!printer.written()) co_return printer.written().error();
        if (printer.files() == 0) context.output.remark("No files available at the moment");
        report.verdict = "ok";
        co_return 0;
    }

private:
    std::vector<std::string> operands_;
    ShareAccess access_;
};

}  // namespace

std::unique_ptr<Job> make_list() { return std::make_unique<ListJob>(); }

}  // namespace netcopy::app
