#pragma once

#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/list_printer.hpp"
#include "app/share_options.hpp"

namespace netcopy::app {

inline constexpr std::uint16_t master_port = 1234;

/// What `list --master` was given.
struct CatalogueWords {
    const std::string& master;              ///< as typed
    const std::vector<std::string>& names;  ///< or patterns; none: all
    const ShareAccess& access;
};

/// `netcopy list --master`. `words` refers to what outlives the task.
Task<Result<int>> list_catalogue(Context& context, CatalogueWords words);

/// The end of a list of either kind, for JSON and the exit status.
Result<int> report_list(Context& context, const ListPrinter& printer, std::string peer,
                        Clock::time_point began, const Result<>& listed);

}  // namespace netcopy::app
