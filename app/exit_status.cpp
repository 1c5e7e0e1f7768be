#include "app/exit_status.hpp"

namespace netcopy::app {

int exit_status(const Error& error) noexcept {
    if (error.code.category() != netcopy_category()) return 1;
    switch (static_cast<Errc>(error.code.value())) {
        case Errc::failed:
            return 1;
        case Errc::usage:
            return 2;
        case Errc::corrupted:
            return 4;
        case Errc::unverified:
            return 5;
        case Errc::unreachable:
            return 6;
        case Errc::timed_out:
            return 7;
        case Errc::connection_lost:
            return 8;
        case Errc::protocol:
            return 8;
        case Errc::refused:
            return 9;
        case Errc::local_file:
            return 11;
        case Errc::interrupted:
            return 130;
        case Errc::partial:
            return 3;
    }
    return 1;
}

}  // namespace netcopy::app
