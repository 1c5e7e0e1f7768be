#include "app/copy_report.hpp"

#include <boost/asio/post.hpp>

#include "app/exit_status.hpp"
#include "app/utf8.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"

namespace netcopy::app {
namespace {

std::string_view word_of(CopyOutcome::Kind kind) {
    switch (kind) {
        case CopyOutcome::Kind::sent:
            return "sent";
        case CopyOutcome::Kind::same:
            return "same";
        case CopyOutcome::Kind::failed:
            return "failed";
    }
    return "";
}

/// In the words of --dry-run.
std::string_view plan_of(CopyOutcome::Kind kind) {
    switch (kind) {
        case CopyOutcome::Kind::sent:
            return "send";
        case CopyOutcome::Kind::same:
            return "same";
        case CopyOutcome::Kind::failed:
            return "refused";
    }
    return "";
}

/// Without the words that only repeat the file's name and the peer's.
std::string bare_reason(const std::string& error, const std::string& name) {
    const std::string before = quote(name) + " was refused by ";
    const auto reason =
        error.starts_with(before) ? error.find(": ", before.size()) : std::string::npos;
    return reason == std::string::npos ? error : error.substr(reason + 2);
}

std::string count_of(std::uint64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace

CopyReport::CopyReport(Context& context, bool dry_run, ManifestWriter* manifest)
    : context_(context), dry_run_(dry_run), manifest_(manifest) {}

void CopyReport::copied(const CopyItem& item, const CopyOutcome& outcome) {
    const bool failed = outcome.kind == CopyOutcome::Kind::failed;
    if (failed && failures_.size() < most_named) failures_.push_back(outcome.error);
    NETCOPY_LOG(debug) << quote(item.name) << ": " << word_of(outcome.kind) << ", " << outcome.bytes
                       << " bytes";
    const auto sha256 =
        std::ranges::find(outcome.digests, DigestKind::sha256, &Digests::value_type::first);
    const std::string& name = outcome.stored_as.empty() ? item.name : outcome.stored_as;
    if (manifest_ && !failed && sha256 != outcome.digests.end()) {
        manifest_->add({sha256->second, name});
    }
    if (!dry_run_ && !context_.output.json()) return;
    FileReport file;
    file.name = name;
    file.outcome = dry_run_ ? plan_of(outcome.kind) : word_of(outcome.kind);
    file.bytes = outcome.bytes;
    for (const auto& [kind, hex] : outcome.digests)
        file.digests[std::string(to_string(kind))] = hex;
    file.error = outcome.error.context;
    std::string line;
    if (dry_run_) {
        line = std::string(file.outcome) + " " + printable(item.name);
        if (failed) line += ": " + bare_reason(file.error, file.name);
    }
    asio::post(context_.io, [this, file = std::move(file), line = std::move(line)] {
        context_.output.file(file, line);
    });
}

Task<> CopyReport::flush() { co_await asio::post(context_.io, UseTask()); }

int CopyReport::end(const CopySummary& summary, const std::string& peer,
                    std::chrono::duration<double> took, bool cut_short) {
    Report& report = context_.report;
    report.took = took;
    report.bytes = summary.bytes;
    report.peer = peer;
    report.counts = {{"files", summary.files},
                     {"sent", summary.sent},
                     {"same", summary.same},
                     {"failed", summary.failed},
                     {"left_out", summary.left_out}};
    // A dry run has said it of each already.
    const std::size_t named = dry_run_ ? 0 : failures_.size();
    for (std::size_t i = 0; i < named; ++i) context_.output.error(failures_[i]);
    if (!dry_run_ && summary.failed > named) {
        const auto more = count_of(summary.failed - named, "more file", "more files");
        context_.output.error(make_error(Errc::partial, more + " failed; the log names them all"));
    }
    const bool says_more =
        !(summary.failed == 1 && summary.files <= 1) && !(cut_short && summary.files == 0);
    if (says_more) context_.output.remark(words(summary, peer));
    if (cut_short) return 1;
    if (summary.failed == 0) {
        report.verdict = "sent";
        return 0;
    }
    report.error = failures_.front().context;
    const bool some = summary.sent + summary.same > 0;
    report.verdict = some ? "partial" : "failed";
    return exit_status(some ? make_error(Errc::partial, "") : summary.first_failure);
}

std::string CopyReport::words(const CopySummary& summary, const std::string& peer) const {
    std::string text = count_of(summary.files, "file", "files");
    if (dry_run_) {
        text += " to " + peer + "; " + std::to_string(summary.sent) + " would be sent (" +
                format_bytes(summary.bytes) + ")";
    } else {
        text += ", " + amount_text(summary.bytes, context_.report.took) + " to " + peer;
    }
    if (summary.same > 0) {
        text += "; " + count_of(summary.same, "was there already", "were there already");
    }
    if (summary.failed > 0) {
        text +=
            "; " + std::to_string(summary.failed) + (dry_run_ ? " would be refused" : " failed");
    }
    if (summary.left_out > 0) text += "; " + std::to_string(summary.left_out) + " left out";
    return text;
}

}  // namespace netcopy::app
