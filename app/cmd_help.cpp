#include "app/command.hpp"

namespace netcopy::app {
namespace {

class Help final : public Job {
public:
    void describe(Options& options) override {
        options.usage("help [COMMAND]");
        options.operands(operands_, Completes::command);
        options.example("netcopy help", "what there is");
        options.example("netcopy help receive", "how to take a file, with examples");
    }

    Task<Result<int>> run(Context& context) override {
        if (operands_.size() > 1) {
            co_return make_error(Errc::usage, "takes one command at the most");
        }
        const Command* const command = operands_.empty() ? nullptr : find_command(operands_[0]);
        if (!operands_.empty() && command == nullptr) co_return unknown_command(operands_[0]);
        const auto printed =
            context.output.print(command == nullptr ? overview() : help_of(*command));
        if (!printed) co_return printed.error();
        co_return 0;
    }

private:
    std::vector<std::string> operands_;
};

class CompletionScript final : public Job {
public:
    void describe(Options& options) override {
        options.usage("completion bash|zsh|fish");
        options.operands(operands_, Completes::shell);
        options.example("source <(netcopy completion bash)",
                        "completion in this shell, and in every one from ~/.bashrc");
        options.example("netcopy completion fish > ~/.config/fish/completions/netcopy.fish",
                        "completion in every fish from now on");
    }

    Task<Result<int>> run(Context& context) override {
        if (operands_.size() != 1) {
            co_return make_error(Errc::usage, "name one shell: bash, zsh or fish");
        }
        const auto script = completion(operands_[0]);
        if (!script) co_return script.error();
        const auto printed = context.output.print(*script);
        if (!printed) co_return printed.error();
        co_return 0;
    }

private:
    std::vector<std::string> operands_;
};

}  // namespace

std::unique_ptr<Job> make_help() { return std::make_unique<Help>(); }
std::unique_ptr<Job> make_completion() { return std::make_unique<CompletionScript>(); }

}  // namespace netcopy::app
