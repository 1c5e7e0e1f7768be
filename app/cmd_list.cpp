#include "app/list_catalogue.hpp"

namespace netcopy::app {
namespace {

class ListJob final : public Job {
public:
    void describe(Options& options) override {
        given_ = &options;
        options.usage("list ENDPOINT");
        options.usage("list --master ENDPOINT [NAME...]");
        options.operands(operands_, Completes::host);
        options.group("What is listed");
        options.text("master", "ENDPOINT", master_,
                     "a master's catalogue: the files of all its file servers", Completes::host);
        access_.describe(options);
        options.example("netcopy list 10.0.0.2", "show what a 'netcopy share' has");
        options.example("netcopy list 10.0.0.2 | sort -n -k 2",
                        "the same for programs: id, size, time and name, with tabs; by size");
        options.example("netcopy list --master 10.0.0.3 '*.iso'",
                        "which of these files there are, and how many servers have each");
    }

    Task<Result<int>> run(Context& context) override {
        // From the environment it counts where nothing else is named.
        if (given_->typed("master") || (!master_.empty() && operands_.empty())) {
            co_return co_await list_catalogue(context, {master_, operands_, access_});
        }
        auto operands =
            read_share_operands(operands_, 0, "name the server: ENDPOINT, or --master ENDPOINT");
        if (!operands) co_return operands.error();
        if (!operands->words.empty()) {
            co_return make_error(Errc::usage, "takes one operand, the server: ENDPOINT");
        }
        DiskPool disk(2);
        ShareRemote remote(context, access_, operands->endpoint, disk);
        ListPrinter printer(context.output);
        const auto began = Clock::now();
        const auto listed = co_await remote.list([&printer](const ListedFile& file) {
            printer.add(file);
            printer.flush_when_due();
        });
        co_await disk.run([&printer] {
            printer.flush();
            return true;
        });
        co_return report_list(context, printer, remote.peer(), began, listed);
    }

private:
    const Options* given_ = nullptr;
    std::vector<std::string> operands_;
    std::string master_;
    ShareAccess access_;
};

}  // namespace

Result<int> report_list(Context& context, const ListPrinter& printer, std::string peer,
                        Clock::time_point began, const Result<>& listed) {
    Report& report = context.report;
    report.took = Clock::now() - began;
    report.peer = std::move(peer);
    report.counts = {{"files", printer.files()}};
    if (!listed) return listed.error();
    if (!printer.written()) return printer.written().error();
    if (printer.files() == 0) context.output.remark("No files available at the moment");
    report.verdict = "ok";
    return 0;
}

std::unique_ptr<Job> make_list() { return std::make_unique<ListJob>(); }

}  // namespace netcopy::app
