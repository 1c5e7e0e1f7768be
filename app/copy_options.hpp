#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/options.hpp"

namespace netcopy::app {

inline constexpr std::uint16_t copy_port = 5001;

/// What `send PATH... ENDPOINT` has beside the options that all forms share.
struct CopySendOptions {
    std::uint64_t port = copy_port;
    std::uint64_t jobs = 0;  ///< connections; 0: as many as help
    std::string protocol = "auto";
    std::string name;  ///< of standard input
    bool dry_run = false;
    std::string manifest;
    bool no_cache = false;
    bool recursive = false;
    std::vector<Repeated> rules;  ///< --include and --exclude, in their order
    bool links = false;
    bool no_metadata = false;
    std::string compare = "time";

    void describe(Options& options, std::string_view form);
};

/// What `receive [DIR]` has beside the options that all forms share.
struct CopyReceiveOptions {
    bool once = false;
    std::string overwrite = "never";
    std::string timestamp = "seed";
    std::uint64_t quota = 0;  ///< bytes; 0: none
    std::string protocol = "auto";

    void describe(Options& options, std::string_view form);
};

}  // namespace netcopy::app
