#include "test/unit/wire/share_seen.hpp"

// What the client of the share protocol hears: lists, prompts, the last word about an upload.

using namespace netcopy;
using namespace netcopy::test;
using wire::Verdict;

namespace {

const std::string id = "b1946ac92492d2347c6235b4d2611184";
const std::string entry = id + ";a b.txt;12";
const std::string seen_entry = id + "|a b.txt|12";

const auto parse_first = [](std::string_view bytes) { return wire::parse_share_line(bytes, true); };
const auto parse_next = [](std::string_view bytes) { return wire::parse_share_line(bytes, false); };

SeenShare first(std::string_view bytes) { return see_share(parse_first, bytes); }
SeenShare next(std::string_view bytes) { return see_share(parse_next, bytes); }
SeenShare prompt(std::string_view bytes) { return see_share(wire::parse_share_prompt, bytes); }
SeenShare answer(std::string_view bytes) { return see_share(wire::parse_share_answer, bytes); }

}  // namespace

TEST_CASE("a file of a list is complete at its line end, and may grow without") {
    CHECK(first(entry) == SeenShare{Verdict::tentative, entry.size(), 0, seen_entry, ""});
    CHECK(next(entry + "\n") == SeenShare{Verdict::complete, entry.size() + 1, 0, seen_entry, ""});
    CHECK(next(entry + "\r\n") ==
          SeenShare{Verdict::complete, entry.size() + 2, 0, seen_entry, ""});
    CHECK(next("\n" + entry + "\n" + entry) ==
          SeenShare{Verdict::complete, entry.size() + 2, 1, seen_entry, ""});
    check_cuts(parse_next, "\r\n" + entry + "\n" + entry, seen_entry, entry.size() + 3);
}

TEST_CASE("a name in a list may have semicolons, and be DONE, digits or a sentence") {
    for (const std::string name :
         {"a;12;b", "DONE", "123", "No files available at the moment", "EOF", "", " ", ";"}) {
        INFO(name);
        CHECK(next(id + ";" + name + ";7\n").message == id + "|" + name + "|7");
    }
}

TEST_CASE("an entry that is not whole yet is awaited") {
    for (std::size_t size = id.size() + 1; size < entry.size() - 1; ++size) {
        CHECK(next(entry.substr(0, size)).verdict == Verdict::need_more);
    }
}

TEST_CASE("DONE ends a list, on a line of its own or right behind the last file") {
    CHECK(next("DONE") == SeenShare{Verdict::tentative, 4, 0, "END", ""});
    CHECK(first("DONE") == SeenShare{Verdict::tentative, 4, 0, "END", ""});
    CHECK(next("\nDONE\n") == SeenShare{Verdict::complete, 6, 1, "END", ""});
    CHECK(next(entry + "DONE") == SeenShare{Verdict::tentative, entry.size(), 0, seen_entry, ""});
    CHECK(next(id + ";DONE;DONE;1DONE").message == id + "|DONE;DONE|1");
}

TEST_CASE("digits alone are a length, if they are all that came") {
    CHECK(first("1234") == SeenShare{Verdict::tentative, 4, 0, "LENGTH 1234", ""});
    CHECK(first("0\n") == SeenShare{Verdict::complete, 2, 0, "LENGTH 0", ""});
    CHECK(first(" 12 \r\n") == SeenShare{Verdict::complete, 6, 0, "LENGTH 12", ""});
    CHECK(next("1234").message == "WORDS 1234");
    CHECK(first("12345678901234567890").message == "WORDS 12345678901234567890");
}

TEST_CASE("any other words say that there are no files") {
    CHECK(first("No files available at the moment") ==
          SeenShare{Verdict::tentative, 32, 0, "WORDS No files available at the moment", ""});
    CHECK(first("Nothing here.") ==
          SeenShare{Verdict::tentative, 13, 0, "WORDS Nothing here.", ""});
    CHECK(first("Nothing here.\n").verdict == Verdict::complete);
    CHECK(first("abc;name;1").message == "WORDS abc;name;1");
    CHECK(first(id + "0;name;1").message == "WORDS " + id + "0;name;1");
    CHECK(first(id + ";name;x\n").message == "WORDS " + id + ";name;x");
    CHECK(first(" \n").message == "WORDS ");
    CHECK(first("\n\n") == SeenShare{Verdict::need_more, 2, 2, "", ""});
}

TEST_CASE("a line without end is an error") {
    CHECK(first(std::string(wire::share_line_limit, 'a')).error ==
          "a line of the list is too long");
    CHECK(first(id + ";" + std::string(wire::share_line_limit, 'a')).error ==
          "a line of the list is too long");
    CHECK(first(id + ";" + std::string(4000, 'a') + ";1").error.empty());
}

TEST_CASE("any words are a prompt, whatever comes with them") {
    for (const std::string words : {"Please send a file ID", "OK", "1", "name;12", "DONE", "Eof"}) {
        CHECK(prompt(words) == SeenShare{Verdict::tentative, words.size(), 0, words, ""});
    }
    CHECK(prompt("") == SeenShare{});
}

TEST_CASE("what a server says late behind a file is no prompt") {
    const std::string sha256 = id + id;
    for (const std::string& late : {std::string("EOF"), "EOF" + id, "EOF\n" + id + "\n", id, sha256,
                                    "EOF" + sha256, "\r\nEOF " + id}) {
        INFO(late);
        CHECK(prompt(late) == SeenShare{Verdict::need_more, late.size(), late.size(), "", ""});
        CHECK(prompt(late + " ID?") ==
              SeenShare{Verdict::tentative, late.size() + 4, late.size() + 1, "ID?", ""});
    }
    // A word that begins with hex digits is one.
    CHECK(prompt("added").message == "added");
    CHECK(prompt(id + "0 bytes").message == id + "0 bytes");
}

TEST_CASE("the last word about an upload is the first MD5 in it") {
    const std::string upper = "B1946AC92492D2347C6235B4D2611184";
    CHECK(answer(id) == SeenShare{Verdict::complete, 32, 0, id, ""});
    CHECK(answer(upper + "\n") == SeenShare{Verdict::complete, 32, 0, upper, ""});
    CHECK(answer("Ready to receive a file" + id) ==
          SeenShare{Verdict::complete, 23 + 32, 0, id, ""});
    CHECK(answer("MD5: " + id + ".") == SeenShare{Verdict::complete, 37, 0, id, ""});
    CHECK(answer("\r\n") == SeenShare{});
    CHECK(answer("Fail") == SeenShare{Verdict::tentative, 4, 0, "WORDS Fail", ""});
    CHECK(answer(id + id).message == "WORDS " + id + id);
    CHECK(answer(id.substr(1)).message == "WORDS " + id.substr(1));
}

TEST_CASE("a refusal of ours is taken for no MD5") {
    const std::string words = wire::encode_share_refusal("the file is too large");
    CHECK(words == "Refused: the file is too large");
    CHECK(answer(words).message == "WORDS " + words);
}
