// Fuzzes the parser of the checksum server's requests. Besides not reading beyond its input it must
// keep what wire/checksum.hpp promises; a broken promise aborts.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "wire/checksum.hpp"

namespace {

using namespace netcopy;
using Parsed = Result<wire::Parsed<wire::Request>>;

void require(bool promise) {
    if (!promise) std::abort();
}

bool is_nobodys(char c) { return c == '\r' || c == '\n' || c == '\0'; }

/// What came out, with the bytes that it points to.
struct Outcome {
    bool error = false;
    wire::Verdict verdict{};
    std::size_t used = 0;
    wire::Request::Verb verb{};
    std::string id;
    std::uint64_t validity = 0;
    std::uint64_t announced = 0;
    std::string checksum;

    bool same_message(const Outcome& other) const {
        return verb == other.verb && id == other.id && validity == other.validity &&
               announced == other.announced && checksum == other.checksum;
    }
};

/// Parses a copy that ends where its heap block ends, so that the address sanitizer sees a read
/// beyond it.
Outcome parse(std::string_view bytes, const wire::RequestLimits& limits) {
    const std::unique_ptr<char[]> copy(new char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), copy.get());
    const Parsed parsed = wire::parse_request({copy.get(), bytes.size()}, limits);
    Outcome outcome;
    outcome.error = !parsed;
    if (!parsed) {
        require(parsed.error() == Errc::protocol && !parsed.error().context.empty());
        const std::string line = wire::encode_error(parsed.error().context);
        require(line.starts_with("ERR|") && std::count(line.begin(), line.end(), '\n') == 1);
        return outcome;
    }
    outcome.verdict = parsed->verdict;
    outcome.used = parsed->used;
    require(parsed->used <= bytes.size());
    require(parsed->skipped <= parsed->used);
    require(std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(parsed->skipped),
                        is_nobodys));
    if (parsed->verdict == wire::Verdict::need_more) {
        require(parsed->used == parsed->skipped);
        require(bytes.size() - parsed->skipped < wire::max_request(limits));
        return outcome;
    }
    const wire::Request& request = parsed->message;
    outcome.verb = request.verb;
    if (request.verb == wire::Request::Verb::lookup) {
        outcome.id = request.lookup.id;
    } else {
        outcome.id = request.insert.id;
        outcome.validity = request.insert.validity;
        outcome.announced = request.insert.announced;
        outcome.checksum = request.insert.checksum;
        const std::size_t size = outcome.checksum.size();
        require(size == outcome.announced || size == 2 * outcome.announced);
        require(outcome.announced <= limits.checksum_length && outcome.validity <= limits.validity);
        require(size == 0 || (request.insert.checksum.data() >= copy.get() &&
                              request.insert.checksum.data() + size <= copy.get() + parsed->used));
    }
    require(wire::canonical_id(outcome.id).value() == outcome.id);
    return outcome;
}

/// What is encoded anew parses to the same; at the end of the stream tentative counts as complete.
void check_encoding(const Outcome& outcome, const wire::RequestLimits& limits) {
    const bool insert = outcome.verb == wire::Request::Verb::insert;
    const wire::Insert message{outcome.id, outcome.validity, outcome.announced, outcome.checksum};
    const std::string encoded =
        insert ? wire::encode_insert(message) : wire::encode_lookup(outcome.id);
    require(encoded.size() <= wire::max_request(limits));
    const Outcome again = parse(encoded, limits);
    require(!again.error && again.verdict != wire::Verdict::need_more);
    require(again.used == encoded.size() && again.same_message(outcome));
}

/// A message that is complete stays what it is when a line end or another message follows, and an
/// error stays an error whatever follows. (Other bytes may follow a checksum of which only the
/// second half is missing.)
void check_followed(std::string_view bytes, const Outcome& outcome,
                    const wire::RequestLimits& limits) {
    for (const char* follow : {"\n", "KI|1\n", "BE|1|60|1|x"}) {
        const Outcome longer = parse(std::string(bytes) + follow, limits);
        if (outcome.error) {
            require(longer.error);
        } else if (outcome.verdict == wire::Verdict::complete && outcome.used < bytes.size()) {
            require(!longer.error && longer.verdict == wire::Verdict::complete);
        } else if (outcome.verdict == wire::Verdict::complete) {
            require(!longer.error && longer.verdict == wire::Verdict::complete &&
                    longer.same_message(outcome));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const wire::RequestLimits& limits :
         {wire::RequestLimits{}, wire::RequestLimits{20, 100}}) {
        std::string_view rest = input;
        for (int messages = 0; messages < 64 && !rest.empty(); ++messages) {
            const Outcome outcome = parse(rest, limits);
            check_followed(rest, outcome, limits);
            if (outcome.error || outcome.verdict == wire::Verdict::need_more) break;
            check_encoding(outcome, limits);
            require(outcome.used > 0);
            rest.remove_prefix(outcome.used);
        }
        // Before its last byte an error may not have been seen yet, but a complete look-up was no
        // insert.
        const Outcome first = parse(input, limits);
        const std::size_t beginnings = std::min<std::size_t>(input.size(), 80);
        for (std::size_t cut = 1; cut < beginnings; cut += 1 + beginnings / 16) {
            const Outcome begin = parse(input.substr(0, cut), limits);
            if (begin.error) require(first.error);
            if (!begin.error && begin.verdict != wire::Verdict::need_more && !first.error) {
                require(first.verdict != wire::Verdict::need_more && begin.verb == first.verb);
            }
        }
    }
    return 0;
}
