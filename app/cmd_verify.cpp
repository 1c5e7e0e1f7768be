#include <boost/asio/post.hpp>
#include <exception>
#include <thread>

#include "app/command.hpp"
#include "app/exit_status.hpp"
#include "app/utf8.hpp"
#include "app/verification.hpp"
#include "base/bytes.hpp"
#include "net/disk_pool.hpp"
#include "net/readable.hpp"

namespace netcopy::app {
namespace {

constexpr std::uint64_t most_jobs = 64;

class VerifyJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("verify MANIFEST [DIR]");
        options.operands(operands_, Completes::file);
        options.group("Verification");
        options.number("jobs", "N", jobs_, 0, most_jobs, "files at a time; 0: as many as cores",
                       'j');
        options.example(
            "netcopy verify SHA256SUMS",
            "check the files of a list that sha256sum or 'netcopy send --manifest' made");
        options.example("netcopy verify photos.sha256 /srv/inbox",
                        "the same for files that lie elsewhere");
    }

    Task<Result<int>> run(Context& context) override {
        if (operands_.empty() || operands_.size() > 2) {
            co_return make_error(Errc::usage,
                                 "name a list, and at most one folder: MANIFEST [DIR]");
        }
        if (jobs_ == 0) jobs_ = std::max(1U, std::thread::hardware_concurrency());
        Verification work(operands_.size() == 2 ? operands_[1] : ".");
        DiskPool disk(jobs_ + 1);  // one more reads the list
        const Verification::Closer closer(work);

        auto list = co_await disk.run([this] { return ManifestReader::open(operands_[0]); });
        if (!list) co_return make_error(Errc::usage, list.error().context);
        context.on_stop = [&] {
            work.stop();
            context.cancel();
        };
        auto display = context.output.show(work.progress());
        const auto began = Clock::now();
        auto checked = co_await check(context, disk, *list, work);
        co_await asio::post(context.io, UseTask());  // behind the last file's words
        display.reset();
        context.report.took = Clock::now() - began;
        if (!checked && !(checked.error() == Errc::failed && work.counts().differ > 0)) {
            co_return checked.error();
        }
        co_return sum_up(context, work);
    }

private:
    /// Reads the list on this thread's behalf, while the jobs of the pool check what it names.
    Task<Result<>> check(Context& context, DiskPool& disk, ManifestReader& list,
                         Verification& work) {
        const Executor executor = context.io.get_executor();
        const auto say = [&context, executor](const ManifestEntry& entry,
                                              const Verification::Outcome& outcome) {
            asio::post(executor, [&context, entry, outcome] { bad(context, entry, outcome); });
        };
        std::vector<DiskJob<bool>> jobs;
        for (std::uint64_t i = 0; i < jobs_; ++i) {
            jobs.push_back(disk.start(executor, [&work, say] { return work.check_files(say); }));
        }
        Result<> read;
        std::exception_ptr thrown;
        try {
            read = co_await feed(disk, list, work);
        } catch (...) {
            thrown = std::current_exception();
            work.stop();
        }
        work.end_of_list();
        for (auto& job : jobs) co_await job.join();
        co_await stop_if_cancelled();
        if (thrown) std::rethrow_exception(thrown);
        co_return read;
    }

    static Task<Result<>> feed(DiskPool& disk, ManifestReader& list, Verification& work) {
        for (bool more = true; more;) {
            if (!list.ready()) co_await wait_readable(list.descriptor());
            auto read = co_await disk.run([&] { return work.add_some(list); });
            co_await stop_if_cancelled();
            if (!read) co_return read.error();
            more = *read;
        }
        co_return Result<>();
    }

    /// On the main thread.
    static void bad(Context& context, const ManifestEntry& entry,
                    const Verification::Outcome& outcome) {
        FileReport report;
        report.name = entry.name;
        report.outcome = outcome.json_word;
        report.bytes = outcome.bytes;
        if (!outcome.sha256.empty()) report.digests["sha256"] = outcome.sha256;
        report.error = outcome.reason;
        context.output.file(report, printable(entry.name) + ": " + std::string(outcome.word));
        if (!outcome.reason.empty()) {
            context.output.error(make_error(Errc::local_file, outcome.reason));
        }
    }

    Result<int> sum_up(Context& context, const Verification& work) const {
        const Verification::Counts& counts = work.counts();
        Report& report = context.report;
        report.bytes = work.progress().bytes;
        report.counts = {
            {"files", counts.files},
            {"same", counts.files - counts.differ - counts.missing - counts.unreadable},
            {"differ", counts.differ},
            {"missing", counts.missing},
            {"unreadable", counts.unreadable}};
        const std::string list = quote(operands_[0] == "-" ? "standard input" : operands_[0]);
        if (counts.files == 0) return make_error(Errc::failed, list + " names no files");

        std::string words =
            std::to_string(counts.files) + (counts.files == 1 ? " file" : " files") + " of " + list;
        const auto add = [&words](std::uint64_t count, std::string_view what) {
            if (count > 0) words += ", " + std::to_string(count) + " " + std::string(what);
        };
        add(counts.differ, "FAILED");
        add(counts.missing, "missing");
        add(counts.unreadable, "unreadable");
        if (counts.differ > 0) return make_error(Errc::corrupted, words);
        if (counts.missing + counts.unreadable > 0) return make_error(Errc::local_file, words);
        report.verdict = "ok";
        context.output.remark(words + ", all as listed; " + amount_text(report.bytes, report.took));
        return 0;
    }

    std::vector<std::string> operands_;
    std::uint64_t jobs_ = 0;
};

}  // namespace

std::unique_ptr<Job> make_verify() { return std::make_unique<VerifyJob>(); }

}  // namespace netcopy::app
