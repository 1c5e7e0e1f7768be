#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "wire/copy.hpp"

/// How netcopy's own programs register with a master and ask it for its catalogue, as
/// docs/protocol/registry.md specifies it: lines <-> structs. Openings and their answers are those
/// of wire/copy.hpp; so is what a line is, its limit (copy_line_limit) and its check. Names and
/// hosts are unescaped here; whether a name is safe is for file/safe_name to say. Pure functions.
namespace netcopy::wire {

inline constexpr std::string_view registry_register = "register";    ///< the opening's purpose
inline constexpr std::string_view registry_catalogue = "catalogue";  ///< and the client's
inline constexpr std::size_t registry_name_limit = 255;              ///< bytes of a file's name

/// Lines of a question that a master takes. Who has more names asks for all, and chooses.
inline constexpr std::size_t catalogue_question_limit = 1'000;

/// Where a file server is to be asked for files.
struct RegistryServer {
    std::uint16_t port = 0;  ///< UDP, never 0
    std::string host = {};   ///< empty: where the connection comes from
    bool operator==(const RegistryServer&) const = default;
};
struct RegistryGone {
    std::string name;
    bool operator==(const RegistryGone&) const = default;
};
/// The list of what there was at the beginning is whole.
struct RegistryWhole {
    bool operator==(const RegistryWhole&) const = default;
};
/// A new list of all that there is begins.
struct RegistryAnew {
    bool operator==(const RegistryAnew&) const = default;
};
struct RegistryBeat {
    bool operator==(const RegistryBeat&) const = default;
};
/// What a file server says after the opening. Each CopyFile has both digests.
using RegistryNews =
    std::variant<CopyFile, RegistryGone, RegistryBeat, RegistryWhole, RegistryAnew, RegistryServer>;

struct RegistryNo {
    std::string code;
    std::string text;
    bool operator==(const RegistryNo&) const = default;
};
/// What the master says to a file server.
using RegistryAnswer = std::variant<RegistryBeat, RegistryNo>;

struct CatalogueFind {
    std::string name;
    bool operator==(const CatalogueFind&) const = default;
};
struct CatalogueBegin {
    std::string prefix;
    bool operator==(const CatalogueBegin&) const = default;
};
struct CatalogueAll {
    bool operator==(const CatalogueAll&) const = default;
};
struct CatalogueLast {
    bool operator==(const CatalogueLast&) const = default;
};
/// What a client says after the opening.
using CatalogueAsked = std::variant<CatalogueFind, CatalogueBegin, CatalogueAll, CatalogueLast>;

/// An entry of which nothing but the name is known.
struct CatalogueName {
    std::string name;
    bool operator==(const CatalogueName&) const = default;
};
/// A source of the entry before it.
struct CatalogueFrom {
    std::uint16_t port = 0;  ///< UDP, never 0
    std::string host;
    bool operator==(const CatalogueFrom&) const = default;
};
/// What the master says to a client.
using CatalogueLine = std::variant<CopyFile, CatalogueFrom, CatalogueName, CopyListed, RegistryNo>;

/// Errc::protocol with the beginning of the line in it, escaped, as soon as a line cannot end
/// within its limit, or has ended and is none of the grammar's, or its check is wrong. need_more
/// until then.
Result<Parsed<RegistryNews>> parse_registry_news(std::string_view bytes);
Result<Parsed<RegistryAnswer>> parse_registry_answer(std::string_view bytes);
Result<Parsed<CatalogueAsked>> parse_catalogue_asked(std::string_view bytes);
Result<Parsed<CatalogueLine>> parse_catalogue_line(std::string_view bytes);

/// Each appends one line, which its parser takes for the same message, as long as ports are not 0,
/// names and hosts within their limits and not empty (but RegistryServer's host), and codes as the
/// grammar has them. A text is cut to fit, an empty one is replaced by the code.
void append(std::string& out, const RegistryServer& message);
void append(std::string& out, const RegistryGone& message);
void append(std::string& out, const RegistryWhole& message);
void append(std::string& out, const RegistryAnew& message);
void append(std::string& out, const RegistryBeat& message);
void append(std::string& out, const RegistryNo& message);
void append(std::string& out, const CatalogueFind& message);
void append(std::string& out, const CatalogueBegin& message);
void append(std::string& out, const CatalogueAll& message);
void append(std::string& out, const CatalogueLast& message);
void append(std::string& out, const CatalogueName& message);
void append(std::string& out, const CatalogueFrom& message);

}  // namespace netcopy::wire
