#include "app/command.hpp"
#include "base/bytes.hpp"
#include "file/links.hpp"

namespace netcopy::app {
namespace {

class InstallLinks final : public Job {
public:
    void describe(Options& options) override {
        options.usage("install-links DIR");
        options.operands(operands_, Completes::folder);
        options.example("netcopy install-links ~/bin",
                        "~/bin/netcopy_cli and the others now start netcopy as those scripts");
        options.example("netcopy install-links -q .", "the same in this folder, without a word");
    }

    Task<Result<int>> run(Context& context) override {
        if (operands_.size() != 1) co_return make_error(Errc::usage, "name one folder");
        const auto program = own_program();
        if (!program) co_return program.error();
        const auto target = link_target(operands_[0], *program);
        if (!target) {
            co_return make_error(Errc::local_file,
                                 target.error().context + "; name a folder that exists");
        }
        co_return install(context, *target);
    }

private:
    /// Every link that can be made is made; the last failure gives the status.
    Result<int> install(Context& context, const std::string& target) const {
        std::optional<Error> failure;
        for (const Script& script : scripts()) {
            if (find_command(script.command) == nullptr) continue;
            for (const char* ending : {"", ".py"}) {
                const auto made = install_one(context, std::string(script.name) + ending, target);
                if (made) continue;
                if (failure) context.output.error(*failure);
                failure = made.error();
            }
        }
        if (failure) return *failure;
        return 0;
    }

    Result<> install_one(Context& context, const std::string& name,
                         const std::string& target) const {
        const std::string& dir = operands_[0];
        if (auto made = make_link(dir, name, target); !made) return made;
        const std::string path = (dir.ends_with('/') ? dir : dir + "/") + name;
        if (context.common.quiet && !context.common.json) return {};
        return context.output.result("link", {{"path", path}, {"target", target}},
                                     quote(path) + " -> " + quote(target));
    }

    std::vector<std::string> operands_;
};

}  // namespace

std::unique_ptr<Job> make_install_links() { return std::make_unique<InstallLinks>(); }

}  // namespace netcopy::app
