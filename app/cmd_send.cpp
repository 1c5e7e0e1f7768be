#include "app/command.hpp"
#include "app/send_forms.hpp"
#include "base/limits.hpp"

namespace netcopy::app {
namespace {

class SendJob final : public Job {
public:
    /// A script of the assignment has one form only.
    explicit SendJob(bool as_script) : as_script_(as_script) {}

    void describe(Options& options) override {
        given_ = &options;
        for (const auto form : {send_copy_form, send_checksum_form, send_assignment_form}) {
            options.usage(std::string(form));
        }
        options.operands(values_.operands, Completes::file);
        values_.copy.describe(options, send_copy_form);
        values_.checksum.describe(options, send_checksum_form);
        options.number("validity", "SECONDS", values_.validity, 0, limits::checksum_validity,
                       "how long the checksum server keeps it");
        options.group("Verification");
        options.choices("checksum", "LIST", values_.digests,
                        {"sha256", "md5", "sha1", "crc32", "crc32c"},
                        "what both sides compute and compare, joined by commas (with a checksum "
                        "server either md5 or crc32)",
                        "sha256; md5 with a checksum server");
        values_.client.describe(options);
        describe_bwlimit(options, values_.bwlimit);
        options.example("netcopy send -r photos notes.txt 10.0.0.2",
                        "send a folder and a file to a 'netcopy receive'; again, it sends what "
                        "has changed or was not finished");
        options.example("tar c src | netcopy send - --name src.tar [::1]:5001",
                        "send what another program prints");
        options.example("netcopy send big.iso 10.0.0.2:5000 --checksum-server 10.0.0.3:9000 --id 7",
                        "send a file; its MD5 waits under 7 for the receiver");
    }

    Task<Result<int>> run(Context& context) override {
        const bool assignment = as_script_ || is_assignment_form(values_.operands);
        if (assignment || asks_for_checksum_server(*given_)) {
            const auto fits = given_->require_form(send_checksum_form);
            if (!fits) co_return fits.error();
            co_return co_await send_with_checksum_server(context, values_);
        }
        const auto fits = given_->require_form(send_copy_form);
        if (!fits) co_return fits.error();
        co_return co_await send_copies(context, values_);
    }

private:
    const bool as_script_;
    const Options* given_ = nullptr;
    SendOptions values_;
};

}  // namespace

Error for_file(Error error, const std::string& file, std::string_view hint) {
    if (const auto reason = error.context.find(": "); reason != std::string::npos) {
        error.context.insert(reason, " for " + file);
    }
    error.context += hint;
    return error;
}

std::unique_ptr<Job> make_send() { return std::make_unique<SendJob>(false); }
std::unique_ptr<Job> make_netcopy_cli() { return std::make_unique<SendJob>(true); }

}  // namespace netcopy::app
