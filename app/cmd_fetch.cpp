#include "app/fetch_words.hpp"
#include "app/list_catalogue.hpp"
#include "app/reported_run.hpp"
#include "app/service.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "session/fetch_client.hpp"

namespace netcopy::app {
namespace {

constexpr std::uint64_t most_jobs = 64;
/// Fruitless tries in a row, of a server that had answered before, unless --retry says otherwise.

struct FetchOptions {
    std::vector<std::string> operands;
    std::string master;
    std::string output = ".";
    bool all = false;
    std::uint64_t jobs = 4;
    std::string overwrite = "never";
    ClientOptions client;
    std::uint64_t bwlimit = 0;  ///< bytes a second; 0: no limit
    bool legacy_udp = false;
};

/// One run of the command, once its words are understood.
class Fetching {
public:
    Fetching(Context& context, const FetchOptions& options, const Endpoint& master)
        : context_(context),
          options_(options),
          rate_(options.bwlimit),
          registry_(registry_plan(options, master)),
          report_(context, CopyReport::Style::download) {}

    /// Takes the list and finds what is wanted in it.
    Task<Result<>> find() {
        FetchWords words(options_.operands, options_.all);
        const auto take = [&words](const CatalogueEntry& entry) { words.see(entry); };
        const auto listed = co_await registry_.find(words.question(), take);
        if (!registry_.peer().empty()) context_.output.event("connected", registry_.peer());
        if (!listed) co_return explained(listed.error());
        FetchWords::Found found = words.end(options_.master);
        files_ = std::move(found.files);
        for (const std::string& name : found.doubtful) {
            NETCOPY_LOG(warning) << quote(name)
                                 << " is another file on other servers; the youngest is fetched";
        }
        for (const FetchWords::Unknown& each : found.unknown) {
            const CopyOutcome outcome = failed_outcome(each.error);
            report_.done(each.word, outcome);
            ++unknown_.files;
            unknown_.add(outcome);
        }
        co_return Result<>();
    }

    Task<Result<int>> fetch() {
        const std::size_t jobs = std::max<std::size_t>(options_.jobs, 1);
        DiskPool disk(1 + 2 * std::min(jobs, std::max<std::size_t>(files_.size(), 1)));
        for (const CatalogueEntry& file : files_) {
            progress_.total += file.size.value_or(0);
            ++progress_.files_total;
        }
        progress_.counting = false;
        const auto done = [this](const std::string& name, const CopyOutcome& outcome) {
            report_.done(name, outcome);
        };
        FetchClient client(client_plan(jobs), disk, progress_, done);
        const auto summary = [&] {
            CopySummary sum = client.summary();
            sum.files += unknown_.files;
            if (unknown_.failed > 0 && sum.failed == 0) sum.first_failure = unknown_.first_failure;
            sum.failed += unknown_.failed;
            return sum;
        };
        const auto work = [&]() -> Task<Result<>> {
            if (files_.empty()) co_return Result<>();
            const auto open = [this] { return Tree::open(options_.output); };
            auto tree = co_await disk.run(open);
            if (!tree) co_return tree.error();
            co_return co_await client.run(std::move(files_), *tree);
        };
        const ReportedRun run{context_, progress_, report_, registry_.peer(), summary};
        co_return co_await run_reported(run, work);
    }

private:
    static RegistryClientPlan registry_plan(const FetchOptions& options, const Endpoint& master) {
        RegistryClientPlan plan;
        plan.master = master;
        plan.dialing = {options.client.connect_timeout, options.client.retry};
        plan.timeout = options.client.timeout;
        return plan;
    }

    FetchClientPlan client_plan(std::size_t jobs) {
        FetchClientPlan plan;
        plan.jobs = jobs;
        plan.overwrite = overwrite_of(options_.overwrite);
        plan.timeout = unlimited_if_zero(options_.client.timeout);
        plan.connect_timeout = unlimited_if_zero(options_.client.connect_timeout);
        plan.first_retries = options_.client.retry;
        plan.retries = options_.client.retries();
        plan.receiving = &rate_;
        plan.bare = options_.legacy_udp;
        plan.look_again = [this](const CatalogueEntry& entry) { return look_again(entry); };
        return plan;
    }

    /// 0 is for ever.
    static Clock::duration unlimited_if_zero(std::chrono::milliseconds time) {
        return time.count() == 0 ? Clock::duration(std::chrono::hours(24 * 365)) : time;
    }

    Task<std::vector<CatalogueSource>> look_again(const CatalogueEntry& entry) {
        std::vector<CatalogueSource> sources;
        RegistryClient again(
            registry_plan(options_, *parse_endpoint(options_.master, master_port)));
        CatalogueQuestion question;
        question.names.push_back(entry.name);
        const auto take = [&](const CatalogueEntry& found) {
            if (found.sha256 == entry.sha256) sources = found.sources;
        };
        const auto listed = co_await again.find(std::move(question), take);
        if (!listed) NETCOPY_LOG(info) << listed.error().context;
        co_return sources;
    }

    static Error explained(Error error) {
        if (error == Errc::unreachable) error.context += "; is a master-server running there?";
        return error;
    }

    Context& context_;
    const FetchOptions& options_;
    RateLimit rate_;
    RegistryClient registry_;
    TreeProgress progress_;
    CopyReport report_;
    CopySummary unknown_;
    std::deque<CatalogueEntry> files_;
};

class FetchJob final : public Job {
public:
    void describe(Options& options) override {
        options.usage("fetch NAME... --master ENDPOINT [-o DIR] [-j N]");
        options.usage("fetch --all --master ENDPOINT [-o DIR] [-j N]");
        options.operands(values_.operands, Completes::nothing);
        options.group("What to fetch");
        options.text("master", "ENDPOINT", values_.master,
                     "the master-server that knows which file server has which file",
                     Completes::host);
        options.text("output", "DIR", values_.output, "the folder to fetch to", Completes::folder,
                     'o');
        options.flag("all", 0, values_.all, "every file that is listed");
        options.number("jobs", "N", values_.jobs, 1, most_jobs, "files at a time", 'j');
        describe_overwrite(options, values_.overwrite);
        options.flag("legacy-udp", 0, values_.legacy_udp,
                     "take from the seed's file servers, too: nothing they send can be verified");
        values_.client.describe(options);
        describe_bwlimit(options, values_.bwlimit);
        options.example("netcopy fetch notes.txt '*.jpg' --master 10.0.0.3 -o inbox",
                        "take files by name and by pattern, each from all servers that have it");
        options.example("netcopy fetch --all --master 10.0.0.3 -o mirror",
                        "take everything; again, it takes what is new");
    }

    Task<Result<int>> run(Context& context) override {
        if (values_.master.empty()) {
            co_return make_error(Errc::usage, "name the master-server: --master ENDPOINT");
        }
        const auto master = parse_endpoint(values_.master, master_port);
        if (!master) co_return master.error();
        if (values_.operands.empty() != values_.all) {
            co_return make_error(Errc::usage, values_.all
                                                  ? "--all takes everything: name no files"
                                                  : "name what to fetch: NAME..., or --all");
        }
        for (const std::string& word : values_.operands) {
            if (word.empty()) co_return make_error(Errc::usage, "an operand is empty");
        }
        if (values_.output.empty()) co_return make_error(Errc::usage, "--output is empty");
        if (values_.legacy_udp) {
            NETCOPY_LOG(warning) << "--legacy-udp: what the seed's file servers send by bare "
                                    "datagrams cannot be verified";
        }
        Fetching run(context, values_, *master);
        const auto found = co_await run.find();
        if (!found) co_return found.error();
        co_return co_await run.fetch();
    }

private:
    FetchOptions values_;
};

}  // namespace

std::unique_ptr<Job> make_fetch() { return std::make_unique<FetchJob>(); }

}  // namespace netcopy::app
