#include "app/checksum_operands.hpp"

#include "base/bytes.hpp"
#include "wire/checksum.hpp"

namespace netcopy::app {
namespace {

constexpr std::size_t assignment_form = 6;

Error usage(std::string what) { return make_error(Errc::usage, std::move(what)); }

bool is_port(const std::string& text) { return parse_decimal(text, UINT16_MAX).has_value(); }

}  // namespace

bool is_assignment_form(const std::vector<std::string>& operands) {
    return operands.size() == assignment_form && is_port(operands[1]) && is_port(operands[3]) &&
           wire::canonical_id(operands[4]);
}

bool asks_for_checksum_server(const Options& options) {
    return options.typed("checksum-server") || options.typed("id") ||
           (options.given("checksum-server") && options.given("id"));
}

void ChecksumOperands::describe(Options& options, std::string_view form) {
    options.group("With a checksum server", std::string(form));
    options.text("checksum-server", "ENDPOINT", checksum_server,
                 "where the file's checksum is kept", Completes::host);
    options.text("id", "N", id, "the integer under which it is kept, the same on both sides");
}

Result<> ChecksumOperands::resolve(const std::vector<std::string>& operands,
                                   std::string_view endpoint_option,
                                   const std::string& endpoint_value) {
    const auto take = [](Result<Endpoint> parsed, Endpoint& target) -> Result<> {
        if (!parsed) return parsed.error();
        target = std::move(*parsed);
        return {};
    };
    const bool spelled_out = operands.size() != assignment_form;
    const std::size_t wanted = endpoint_option.empty() ? 2 : 1;
    if (spelled_out && operands.size() != wanted) {
        return usage(std::to_string(operands.size()) + " operands given, " +
                     std::to_string(wanted) + " or 6 expected");
    }
    if (spelled_out) {
        path = operands[0];
        const std::string& endpoint = endpoint_option.empty() ? operands[1] : endpoint_value;
        if (endpoint.empty()) return usage(std::string(endpoint_option) + " ENDPOINT is missing");
        if (checksum_server.empty()) return usage("--checksum-server ENDPOINT is missing");
        if (id.empty()) return usage("--id N is missing");
        if (auto ok = take(parse_endpoint(endpoint, std::nullopt), file_endpoint); !ok) return ok;
        if (auto ok = take(parse_endpoint(checksum_server, std::nullopt), checksum_endpoint); !ok) {
            return ok;
        }
    } else {
        if (!checksum_server.empty() || !id.empty() || !endpoint_value.empty()) {
            return usage("the form with 6 operands takes none of " + std::string(endpoint_option) +
                         (endpoint_option.empty() ? "" : ", ") + "--checksum-server, --id");
        }
        if (auto ok = take(parse_endpoint(operands[0], operands[1]), file_endpoint); !ok) return ok;
        if (auto ok = take(parse_endpoint(operands[2], operands[3]), checksum_endpoint); !ok)
            return ok;
        id = operands[4];
        path = operands[5];
    }
    if (path.empty()) return usage("the file's path is empty");
    auto canonical = wire::canonical_id(id);
    if (!canonical) {
        return usage(quote(id) + " is no file id: it is an integer of up to 20 digits");
    }
    canonical_id = std::move(*canonical);
    return {};
}

}  // namespace netcopy::app
