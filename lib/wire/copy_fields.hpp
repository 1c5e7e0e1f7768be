#pragma once

#include "wire/copy.hpp"
#include "wire/copy_line.hpp"

/// Inside the codecs whose lines are those of netcopy/1: what they have in common.
namespace netcopy::wire {

/// A verb that begins lines, and what makes a message of the fields behind it.
template <class Any>
struct CopyVerb {
    std::string_view word;
    Any (*parse)(CopyLine&);
};

/// Of a line that is its verb.
template <class Message, class Any>
Any parse_copy_bare(CopyLine&) {
    return Message{};
}

/// Verbs are searched in their order.
template <class Any, std::size_t count>
Any parse_copy_verb(CopyLine& line, const CopyVerb<Any> (&verbs)[count]) {
    const std::string_view word = line.field();
    for (const CopyVerb<Any>& verb : verbs) {
        if (verb.word == word) return verb.parse(line);
    }
    line.fail("the line begins with no known verb");
    return {};
}

/// The fields of FILE and END in a list.
CopyFile parse_copy_file(CopyLine& line);
CopyListed parse_copy_listed(CopyLine& line);

}  // namespace netcopy::wire
