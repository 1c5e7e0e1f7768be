#include "base/error.hpp"

#include <boost/system/system_error.hpp>

namespace netcopy {
namespace {

class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "netcopy"; }

    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::failed:
                return "failed";
            case Errc::usage:
                return "wrong usage";
            case Errc::corrupted:
                return "the digest does not match";
            case Errc::unverified:
                return "could not be verified";
            case Errc::unreachable:
                return "cannot be reached";
            case Errc::timed_out:
                return "timed out";
            case Errc::connection_lost:
                return "the connection was lost";
            case Errc::protocol:
                return "the peer broke the protocol";
            case Errc::refused:
                return "refused";
            case Errc::local_file:
                return "the local file system failed";
            case Errc::interrupted:
                return "interrupted";
            case Errc::partial:
                return "some of the files failed";
        }
        return "unknown error";
    }
};

}  // namespace

const boost::system::error_category& netcopy_category() noexcept {
    static const Category category;
    return category;
}

error_code make_error_code(Errc kind) noexcept {
    return {static_cast<int>(kind), netcopy_category()};
}

Error make_error(Errc kind, std::string what) { return {make_error_code(kind), std::move(what)}; }

Error make_error(Errc kind, std::string_view what, const error_code& reason) {
    return make_error(kind, std::string(what) + ": " + reason.message());
}

Error make_error(Errc kind, std::string_view what, int errno_value) {
    return make_error(kind, what, error_code(errno_value, boost::system::generic_category()));
}

bool operator==(const Error& error, Errc kind) noexcept {
    return error.code == make_error_code(kind);
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw boost::system::system_error(error.code, error.context);
}

}  // namespace netcopy
