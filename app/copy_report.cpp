#include "app/copy_report.hpp"

#include <boost/asio/post.hpp>

#include "app/exit_status.hpp"
#include "app/utf8.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"

namespace netcopy::app {
namespace {

std::string_view word_of(CopyOutcome::Kind kind, bool taking) {
    switch (kind) {
        case CopyOutcome::Kind::sent:
            return taking ? "received" : "sent";
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

CopyReport::CopyReport(Context& context, Style style, ManifestWriter* manifest)
    : context_(context), style_(style), manifest_(manifest) {}

void CopyReport::done(const std::string& name, const CopyOutcome& outcome) {
    const bool failed = outcome.kind == CopyOutcome::Kind::failed;
    if (failed && failures_.size() < most_named) failures_.push_back(outcome.error);
    NETCOPY_LOG(debug) << quote(name) << ": " << word_of(outcome.kind, style_ == Style::download)
                       << ", " << outcome.bytes << " bytes";
    const auto sha256 =
        std::ranges::find(outcome.digests, DigestKind::sha256, &Digests::value_type::first);
    if (manifest_ && !failed && sha256 != outcome.digests.end()) {
        manifest_->add({sha256->second, outcome.stored_as.empty() ? name : outcome.stored_as});
    }
    const bool says_nothing = style_ == Style::send || style_ == Style::download;
    if (says_nothing && outcome.stored_as.empty() && !context_.output.json()) return;
    say(name, outcome);
}

void CopyReport::say(const std::string& name, const CopyOutcome& outcome) {
    const bool failed = outcome.kind == CopyOutcome::Kind::failed;
    FileReport file;
    file.name = outcome.stored_as.empty() ? name : outcome.stored_as;
    file.outcome = style_ == Style::dry_run ? plan_of(outcome.kind)
                                            : word_of(outcome.kind, style_ == Style::download);
    file.bytes = outcome.bytes;
    for (const auto& [kind, hex] : outcome.digests)
        file.digests[std::string(to_string(kind))] = hex;
    file.error = outcome.error.context;
    std::string remark;
    if (!outcome.stored_as.empty() && (style_ == Style::upload || style_ == Style::download)) {
        const bool there = outcome.kind == CopyOutcome::Kind::same;
        remark = quote(name) + (there ? " is there already, as " : " is stored as ") +
                 quote(outcome.stored_as);
    }
    std::string line = line_of(name, file, failed);
    asio::post(context_.io,
               [this, file = std::move(file), line = std::move(line), remark = std::move(remark)] {
                   context_.output.file(file, line);
                   if (!remark.empty()) context_.output.remark(remark);
               });
}

/// On stdout; empty: none.
std::string CopyReport::line_of(const std::string& name, const FileReport& file,
                                bool failed) const {
    if (style_ == Style::upload) return (failed ? "Fail " : "Success ") + printable(name);
    if (style_ != Style::dry_run) return {};
    const std::string line = std::string(file.outcome) + " " + printable(name);
    return failed ? line + ": " + bare_reason(file.error, file.name) : line;
}

Task<> CopyReport::flush() { co_await asio::post(context_.io, UseTask()); }

int CopyReport::end(const CopySummary& summary, const std::string& peer,
                    std::chrono::duration<double> took, bool cut_short) {
    Report& report = context_.report;
    report.took = took;
    report.bytes = summary.bytes;
    report.peer = peer;
    const bool dry_run = style_ == Style::dry_run;
    report.counts = {{"files", summary.files},
                     {verb(), summary.sent},
                     {"same", summary.same},
                     {"failed", summary.failed},
                     {"left_out", summary.left_out}};
    // A dry run has said it of each already.
    const std::size_t named = dry_run ? 0 : failures_.size();
    for (std::size_t i = 0; i < named; ++i) context_.output.error(failures_[i]);
    if (!dry_run && summary.failed > named) {
        const auto more = count_of(summary.failed - named, "more file", "more files");
        context_.output.error(make_error(Errc::partial, more + " failed; the log names them all"));
    }
    const bool says_more =
        !(summary.failed == 1 && summary.files <= 1) && !(cut_short && summary.files == 0);
    if (says_more) context_.output.remark(words(summary, peer));
    if (cut_short) return 1;
    if (summary.failed == 0) {
        report.verdict = std::string(verb());
        return 0;
    }
    report.error = failures_.front().context;
    const bool some = summary.sent + summary.same > 0;
    report.verdict = some ? "partial" : "failed";
    return exit_status(some ? make_error(Errc::partial, "") : summary.first_failure);
}

std::string_view CopyReport::verb() const {
    return word_of(CopyOutcome::Kind::sent, style_ == Style::download);
}

std::string CopyReport::words(const CopySummary& summary, const std::string& peer) const {
    std::string text = count_of(summary.files, "file", "files");
    const bool dry_run = style_ == Style::dry_run;
    if (dry_run) {
        text += " to " + peer + "; " + std::to_string(summary.sent) + " would be sent (" +
                format_bytes(summary.bytes) + ")";
    } else {
        text += ", " + amount_text(summary.bytes, context_.report.took) +
                (style_ == Style::download ? " from " : " to ") + peer;
    }
    if (summary.same > 0) {
        text += "; " + count_of(summary.same, "was there already", "were there already");
    }
    if (summary.failed > 0) {
        text += "; " + std::to_string(summary.failed) + (dry_run ? " would be refused" : " failed");
    }
    if (summary.left_out > 0) text += "; " + std::to_string(summary.left_out) + " left out";
    return text;
}

}  // namespace netcopy::app
