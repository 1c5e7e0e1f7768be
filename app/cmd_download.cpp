#include "app/reported_run.hpp"
#include "app/service.hpp"
#include "app/share_words.hpp"
#include "base/bytes.hpp"
#include "file/out_stream.hpp"
#include "session/share_seed_run.hpp"

namespace netcopy::app {
namespace {

constexpr std::string_view to_stdout = "-";

/// One run of the command, once its words are understood.
class Downloading {
public:
    Downloading(Context& context, const ShareAccess& access, const ShareOperands& operands,
                DiskPool& disk)
        : context_(context),
          operands_(operands),
          disk_(disk),
          remote_(context, access, operands.endpoint, disk,
                  operands.words.empty() ? std::string() : quote(operands.words.front())),
          report_(context, CopyReport::Style::download) {}

    /// Takes the list and finds what is wanted in it.
    Task<Result<>> find(bool all) {
        ShareWords words(operands_.words, all);
        const auto listed =
            co_await remote_.list([&words](ListedFile file) { words.see(std::move(file)); });
        if (!listed) co_return listed.error();
        ShareWords::Found found = words.end(to_string(operands_.endpoint));
        files_ = std::move(found.files);
        for (const ShareWords::Unknown& each : found.unknown) {
            const CopyOutcome outcome = failed_outcome(each.error);
            report_.done(each.word, outcome);
            ++summary_.files;
            summary_.add(outcome);
        }
        co_return Result<>();
    }

    Task<Result<int>> to_folder(const std::string& folder, Overwrite overwrite) {
        const auto open = [&folder] { return Tree::open(folder); };
        co_return co_await fetch_into(open, overwrite);
    }

    Task<Result<int>> to_standard_output() {
        if (files_.size() > 1) {
            co_return make_error(Errc::usage, "'-o -' takes one file, and " +
                                                  std::to_string(files_.size()) + " match");
        }
        const auto write = [this](Bytes bytes) { return write_out(bytes); };
        if (remote_.netcopy()) {
            const auto open = [&write] {
                return Result<Tree>(Tree::to_stream(std::make_shared<OutStream>(write)));
            };
            co_return co_await fetch_into(open, Overwrite::never);
        }
        const ReportedRun run{context_, progress_, report_, remote_.peer(),
                              [this] { return summary_; }};
        const auto work = [this, &write] { return stream_by_seed(write); };
        co_return co_await run_reported(run, work);
    }

private:
    using OpenTree = std::function<Result<Tree>()>;

    Task<Result<int>> fetch_into(OpenTree open, Overwrite overwrite) {
        ShareWishes wishes(progress_, [this](const ShareWish& wish, const CopyOutcome& outcome) {
            report_.done(wish.name, outcome);
        });
        for (ListedFile& file : files_) {
            wishes.add(std::move(file.name), std::move(file.id), file.size);
        }
        progress_.counting = false;
        const auto summary = [&] {
            CopySummary sum = wishes.summary();
            sum.files += summary_.files;
            if (summary_.failed > 0 && sum.failed == 0) sum.first_failure = summary_.first_failure;
            sum.failed += summary_.failed;
            return sum;
        };
        const auto work = [&] { return fetch(wishes, open, overwrite); };
        const ReportedRun run{context_, progress_, report_, remote_.peer(), summary};
        co_return co_await run_reported(run, work);
    }

    Task<Result<>> fetch(ShareWishes& wishes, const OpenTree& open, Overwrite overwrite) {
        if (files_.empty()) co_return Result<>();
        auto tree = co_await disk_.run(open);
        if (!tree) co_return tree.error();
        if (ShareClient* const client = remote_.netcopy()) {
            co_return co_await client->get(wishes, *tree, overwrite);
        }
        co_await download_by_seed(wishes, *tree, overwrite, disk_, remote_.seed_plan(),
                                  remote_.connections(1));
        co_return Result<>();
    }

    Result<> write_out(Bytes bytes) {
        const auto written = context_.output.write(as_text(bytes));
        if (written) return {};
        return make_error(Errc::local_file, written.error().context);
    }

    Task<Result<>> stream_by_seed(Consume write) {
        if (files_.empty()) co_return Result<>();
        const ListedFile& wanted = files_.front();
        progress_.counting = false;
        progress_.files_total = 1;
        progress_.total = wanted.size;
        ShareSeedFile file;
        file.id = wanted.id;
        file.name = wanted.name;
        file.size = wanted.size;
        ShareSeedTarget target;
        target.take = std::move(write);
        ShareSeedClient client(remote_.seed_plan(), disk_);
        const auto came = co_await client.download(std::move(file), std::move(target), progress_);
        co_await client.close();
        CopyOutcome outcome;
        outcome.bytes = wanted.size;
        if (!came) {
            outcome = failed_outcome(remote_.explained(came.error()));
        } else {
            outcome.digests = came->digests;
        }
        progress_.files = 1;
        report_.done(wanted.name, outcome);
        ++summary_.files;
        summary_.add(outcome);
        co_return Result<>();
    }

    Context& context_;
    const ShareOperands& operands_;
    DiskPool& disk_;
    ShareRemote remote_;
    TreeProgress progress_;
    CopyReport report_;
    CopySummary summary_;  // of what is not left to ShareWishes
    std::vector<ListedFile> files_;
};

class DownloadJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("download ID_OR_NAME... ENDPOINT");
        options.usage("download ENDPOINT --all");
        options.operands(operands_, Completes::host);
        options.group("What to download");
        options.text("output", "DIR", output_, "the folder to download to; '-': standard output",
                     Completes::folder, 'o');
        options.flag("all", 0, all_, "every file that is listed");
        describe_overwrite(options, overwrite_);
        access_.describe_moving(options, "files at a time; 0: as many as help");
        options.example("netcopy download notes.txt '*.jpg' 10.0.0.2 -o inbox",
                        "take files by name and by pattern; again, it goes on where it stopped");
        options.example("netcopy download 5eb63bbbe01e 10.0.0.2 -o - | tar x",
                        "take a file by the beginning of its id, straight into another program");
    }

    Task<Result<int>> run(Context& context) override {
        auto operands = read_share_operands(
            operands_, all_ ? 0 : 1,
            all_ ? "name the server: ENDPOINT"
                 : "name what to download, and the server: ID_OR_NAME... ENDPOINT");
        if (!operands) co_return operands.error();
        if (all_ && !operands->words.empty()) {
            co_return make_error(Errc::usage,
                                 "--all takes everything: name nothing but the server");
        }
        const bool stdout_wanted = output_ == to_stdout;
        if (stdout_wanted && context.output.json()) {
            co_return make_error(Errc::usage, "with --json standard output is taken: no '-o -'");
        }
        if (output_.empty()) co_return make_error(Errc::usage, "--output is empty");

        DiskPool disk(access_.disk_threads());
        Downloading run(context, access_, *operands, disk);
        const auto found = co_await run.find(all_);
        if (!found) co_return found.error();
        if (stdout_wanted) co_return co_await run.to_standard_output();
        co_return co_await run.to_folder(output_, overwrite_of(overwrite_));
    }

private:
    std::vector<std::string> operands_;
    std::string output_ = ".";
    bool all_ = false;
    std::string overwrite_ = "never";
    ShareAccess access_;
};

}  // namespace

std::unique_ptr<Job> make_download() { return std::make_unique<DownloadJob>(); }

}  // namespace netcopy::app
