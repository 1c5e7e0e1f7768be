#include "app/command.hpp"
#include "app/receive_forms.hpp"

namespace netcopy::app {
namespace {

class ReceiveJob final : public Job {
public:
    /// A script of the assignment has one form only.
    explicit ReceiveJob(bool as_script) : as_script_(as_script) {}

    void describe(Options& options) override {
        given_ = &options;
        for (const auto form :
             {receive_copy_form, receive_checksum_form, receive_assignment_form}) {
            options.usage(std::string(form));
        }
        options.operands(values_.operands, Completes::file);
        values_.copy.describe(options, receive_copy_form);
        values_.checksum.describe(options, receive_checksum_form);
        options.choice(
            "checksum", "ALGORITHM", values_.digest, {"auto", "md5", "crc32"},
            "what to compute: auto is whatever the sender may have placed; crc32 alone is faster");
        options.seconds("connect-timeout", values_.connect_timeout, "to reach the checksum server");
        options.flag("keep-running", 0, values_.keep_running,
                     "serve on, several clients at once, a verdict for each");
        options.group("Receiving");
        options.text("listen", "ENDPOINT", values_.listen,
                     "the address and port to listen on; the service's own are 0.0.0.0:5001",
                     Completes::host);
        options.size("max-size", "BYTES", values_.max_size, "refuse a larger file; 0 takes any");
        describe_bwlimit(options, values_.bwlimit);
        values_.server.describe(options);
        options.example("netcopy receive",
                        "take files and trees into received_files, on port 5001");
        options.example("netcopy receive /srv/inbox --listen '[::]:5001' --quota 50G",
                        "the same elsewhere, and no more than 50 GiB");
        options.example(
            "netcopy receive big.iso --listen 0.0.0.0:5000 --checksum-server 10.0.0.3:9000 --id 7",
            "take one file, print CSUM OK or CSUM CORRUPTED");
    }

    Task<Result<int>> run(Context& context) override {
        const bool assignment = as_script_ || is_assignment_form(values_.operands);
        if (assignment || asks_for_checksum_server(*given_)) {
            const auto fits = given_->require_form(receive_checksum_form);
            if (!fits) co_return fits.error();
            co_return co_await receive_with_checksum_server(context, values_);
        }
        const auto fits = given_->require_form(receive_copy_form);
        if (!fits) co_return fits.error();
        co_return co_await receive_copies(context, values_);
    }

private:
    const bool as_script_;
    const Options* given_ = nullptr;
    ReceiveOptions values_;
};

}  // namespace

std::unique_ptr<Job> make_receive() { return std::make_unique<ReceiveJob>(false); }
std::unique_ptr<Job> make_netcopy_srv() { return std::make_unique<ReceiveJob>(true); }

}  // namespace netcopy::app
