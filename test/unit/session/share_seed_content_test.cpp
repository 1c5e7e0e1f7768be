#include "session/share_seed_content.hpp"

#include "test/unit/session/transfer_fixture.hpp"

// A file's bytes told from the name;size that some servers repeat ahead of them.

using namespace netcopy;
using namespace netcopy::test;
using Fit = ShareSeedContent::Fit;

namespace {

const std::string header = "a.txt;6";

/// What comes out when these bytes come in pieces of `step`: the file, `no`, or `short` when more
/// bytes would have been wanted.
std::string sort_out(std::string_view sent, std::string_view content, std::size_t step) {
    std::string put;
    ShareSeedContent of("a.txt;" + std::to_string(content.size()), content.size(),
                        digest_of(DigestKind::md5, content), [&](Bytes bytes) -> Result<> {
                            put += as_text(bytes);
                            return {};
                        });
    for (;;) {
        while (of.to_come() > 0) {
            const auto most = std::min<std::uint64_t>(of.to_come(), step);
            const std::string_view piece = sent.substr(0, static_cast<std::size_t>(most));
            if (piece.empty()) return "short";
            sent.remove_prefix(piece.size());
            if (!of.take(as_bytes(piece))) return "error";
        }
        const auto fit = of.fits();
        if (!fit) return "error";
        if (*fit == Fit::yes) return of.front() + put;
        if (*fit == Fit::no) return "no";
    }
}

}  // namespace

TEST_CASE("a file is found with and without its name and size ahead, in pieces of every size") {
    std::vector<std::string> contents{"",          "a",       "a.txt;",  "a.txt;6",
                                      "\n",        "\n\n",    "hello\n", "a.txt;15\nrest..",
                                      "a.txt;8\n", "a.txt;7", "EOF"};
    contents.push_back("a.txt;30" + std::string(22, 'x'));
    for (const std::string& content : contents) {
        const std::string ahead = "a.txt;" + std::to_string(content.size());
        for (const std::string& sent : {content, ahead + content, ahead + "\n" + content}) {
            for (std::size_t step = 1; step < 40; ++step) {
                INFO("'" << escape(content) << "' as '" << escape(sent) << "' by " << step);
                CHECK(sort_out(sent + "EOF" + digest_of(DigestKind::md5, content), content, step) ==
                      content);
            }
        }
    }
}

TEST_CASE("other bytes are not taken for the file") {
    for (const char* sent : {"jello\n", "a.txt;6jello\n", "a.txt;6\njello\n"}) {
        for (std::size_t step = 1; step < 20; ++step) {
            const std::string found = sort_out(std::string(sent) + "EOF", "hello\n", step);
            const bool refused = found == "no" || found == "short";
            CHECK(refused);
        }
    }
    CHECK(sort_out("hell", "hello\n", 10) == "short");
    CHECK(sort_out("a.txt;6hell", "hello\n", 100) == "short");
}
