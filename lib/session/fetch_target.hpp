#pragma once

#include <string>

#include "crypto/digest.hpp"
#include "file/tree.hpp"
#include "session/receive_rules.hpp"
#include "session/registry_client.hpp"

namespace netcopy {

/// The strongest digest that the catalogue has of a file; none for those of the seed's servers.
std::optional<KnownDigest> digest_of(const CatalogueEntry& entry);

/// What to do about a file that is to be fetched, given what has its name already.
struct FetchTarget {
    bool same = false;  ///< the very file is there
    Existing existing = Existing::keep;
};

/// Judges the name, and compares a file that is there by its digest. Errc::refused for what stays
/// as it is. Blocks for as long as hashing takes.
Result<FetchTarget> look_at_target(Tree& tree, const CatalogueEntry& entry, Overwrite overwrite);

}  // namespace netcopy
