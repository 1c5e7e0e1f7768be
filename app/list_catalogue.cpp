#include "app/list_catalogue.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "app/service.hpp"
#include "base/bytes.hpp"

namespace netcopy::app {
namespace {

bool is_pattern(const std::string& word) { return word.find_first_of("*?[") != std::string::npos; }

CatalogueQuestion question_of(const std::vector<std::string>& words) {
    CatalogueQuestion question;
    question.all = words.empty();
    for (const std::string& word : words) {
        if (is_pattern(word)) {
            question.prefixes.emplace_back(literal_prefix(word));
        } else {
            question.names.push_back(word);
        }
    }
    return question;
}

/// The master knows the beginnings of names; patterns are our affair.
bool is_wanted(const std::vector<std::string>& words, const std::string& name) {
    return words.empty() || std::ranges::any_of(words, [&name](const std::string& word) {
               return word == name ||
                      (is_pattern(word) && ::fnmatch(word.c_str(), name.c_str(), 0) == 0);
           });
}

Error explained(Error error) {
    if (error == Errc::unreachable) error.context += "; is a master running there?";
    return error;
}

}  // namespace

Task<Result<int>> list_catalogue(Context& context, CatalogueWords words) {
    auto master = parse_endpoint(words.master, master_port);
    if (!master) co_return master.error();
    if (std::ranges::any_of(words.names, &std::string::empty)) {
        co_return make_error(Errc::usage, "an operand is empty");
    }
    DiskPool disk(1);
    ListPrinter printer(context.output);
    RegistryClientPlan plan;
    plan.master = *master;
    plan.dialing = {words.access.client.connect_timeout, words.access.client.retry};
    plan.timeout = words.access.client.timeout;
    plan.dialects = dialects_of(words.access.protocol);
    // stdout may block: not on this thread, where signals arrive.
    plan.between = [&]() -> Task<> {
        co_await disk.run([&printer] {
            printer.flush_when_due();
            return true;
        });
    };
    RegistryClient client(std::move(plan));
    const auto began = Clock::now();
    const auto take = [&](const CatalogueEntry& entry) {
        if (is_wanted(words.names, entry.name)) printer.add(entry);
    };
    const auto listed = co_await client.find(question_of(words.names), take);
    co_await disk.run([&printer] {
        printer.flush();
        return true;
    });
    if (!client.peer().empty()) context.output.event("connected", client.peer());
    if (listed && printer.files() == 0 && !words.names.empty()) {
        co_return make_error(Errc::failed, to_string(*master) + " knows no file of that name");
    }
    if (!listed)
        co_return report_list(context, printer, client.peer(), began, explained(listed.error()));
    if (client.by_seed()) {
        context.output.remark(to_string(*master) +
                              " speaks the seed's protocol: neither sizes nor digests are known");
    }
    co_return report_list(context, printer, client.peer(), began, listed);
}

}  // namespace netcopy::app
