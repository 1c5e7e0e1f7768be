#include "wire/registry_seed.hpp"

#include <catch2/catch.hpp>

#include "test/unit/results.hpp"
#include "test/unit/wire/feed.hpp"

// The seed's messages of the registry protocol (docs/protocol/registry.md, "The seed's messages").

using namespace netcopy;
using namespace netcopy::test;
using namespace netcopy::wire;
using std::string;

namespace {

const string front = "FS, Listen client at ";

string shown(Verdict verdict) {
    if (verdict == Verdict::complete) return "complete";
    return verdict == Verdict::tentative ? "tentative" : "more";
}
string text_of(const RegistryHello& hello) {
    if (!hello.server) return "client";
    return "server " + string(hello.host) + " " + std::to_string(hello.port);
}
string text_of(std::string_view name) { return string(name); }
string text_of(const RegistryItem& item) {
    if (item.kind == RegistryItem::Kind::empty) return "empty";
    if (item.kind == RegistryItem::Kind::words) return "words " + string(item.words);
    return string(item.name) + " " + string(item.host) + " " + std::to_string(item.port);
}

/// "VERDICT USED MESSAGE", or "error", of bytes in a heap block of their size.
template <class Parse>
string parse(Parse parse, std::string_view bytes) {
    string said;
    parse_exact(bytes, parse, [&](const auto& parsed) {
        if (!parsed) {
            CHECK(parsed.error() == Errc::protocol);
            CHECK(parsed.error().context.size() < 400);
            said = "error";
            return;
        }
        said = shown(parsed->verdict) + " " + std::to_string(parsed->used);
        if (parsed->verdict != Verdict::need_more) said += " " + text_of(parsed->message);
        CHECK(parsed->used <= bytes.size());
    });
    return said;
}
string hello(std::string_view bytes) { return parse(parse_registry_hello, bytes); }
string name(std::string_view bytes) { return parse(parse_registry_name, bytes); }
string item(std::string_view bytes) { return parse(parse_registry_item, bytes); }

}  // namespace

TEST_CASE("the front of a file server's first message has the 21 bytes of the seed's programs") {
    CHECK(front.size() == 21);
    CHECK(encode_registry_server("10.0.0.7", 9000) == "FS, Listen client at 10.0.0.7:9000");
    CHECK(encode_registry_server("fe80::1", 9000) == "FS, Listen client at [fe80::1]:9000");
}

TEST_CASE("a client and a file server are told by their first message") {
    CHECK(hello("CL") == "complete 2 client");
    CHECK(hello("CLCL") == "complete 2 client");
    CHECK(hello(front + "10.0.0.7:9000") == "tentative 34 server 10.0.0.7 9000");
    CHECK(hello(front + "10.0.0.7:65535") == "complete 35 server 10.0.0.7 65535");
    CHECK(hello(front + "localhost:80\r\n") == "complete 33 server localhost 80");
    CHECK(hello(front + "[::1]:80\n") == "complete 29 server ::1 80");
    CHECK(hello("\r\n" + front + "h:1\n") == "complete 26 server h 1");
}

TEST_CASE("a name that comes joined to the first message stays behind it") {
    CHECK(hello(front + "10.0.0.7:9000a.txt") == "complete 34 server 10.0.0.7 9000");
    CHECK(hello(front + "10.0.0.7:900012.txt") == "error");  // 90001 is no port
}

TEST_CASE("every beginning of a first message needs more, and none is an error") {
    for (const string& whole : {string("CL"), front + "10.0.0.7:9000", front + "[fe80::1]:1"}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            INFO(whole.substr(0, size));
            const string said = hello(whole.substr(0, size));
            const bool has_port =
                whole.substr(0, size).find_last_of("0123456789") > whole.rfind(':');
            CHECK((said == "more 0" || (said.starts_with("tentative") && has_port)));
        }
    }
}

TEST_CASE("what is neither a client's nor a file server's first message is refused") {
    for (const string& bytes :
         {string("X"), string("cl"), string("FX"), string("FS,Listen"), string("GET / HTTP/1.1"),
          front + ":80", front + "h h:80", front + "h:x", front + "h:0", front + "h:65536",
          front + "::1:80", front + "h;80", front + "\xff:80", front + string(300, 'h'),
          front + "[" + string(300, ':')}) {
        INFO(escape(bytes));
        CHECK(hello(bytes) == "error");
    }
}

TEST_CASE("a name is complete at a line end or NUL and tentative without one") {
    CHECK(name("a.txt") == "tentative 5 a.txt");
    CHECK(name("a.txt\n") == "complete 5 a.txt");
    CHECK(name("a.txt\r\nb") == "complete 5 a.txt");
    CHECK(name(std::string_view("a\0b", 3)) == "complete 1 a");
    CHECK(name("\r\na b") == "tentative 5 a b");
    CHECK(name("\n\n") == "more 2");
    CHECK(name("") == "more 0");
    CHECK(name("end") == "tentative 3 end");
    CHECK(name(string(registry_message_limit, 'a')).starts_with("tentative"));
    CHECK(name(string(registry_message_limit + 1, 'a')) == "error");
}

TEST_CASE("an entry of a list ends with its semicolon") {
    CHECK(item("a.txt:10.0.0.7:9000;") == "complete 20 a.txt 10.0.0.7 9000");
    CHECK(item("a.txt:10.0.0.7:9000;b:h:1;") == "complete 20 a.txt 10.0.0.7 9000");
    CHECK(item("\na:h:1;") == "complete 7 a h 1");
    CHECK(item("a:b:h:1;") == "complete 8 a:b h 1");
    CHECK(item("a:[fe80::1]:2;") == "complete 14 a fe80::1 2");
    CHECK(item("empty") == "tentative 5 empty");
    CHECK(item("empty\n") == "tentative 6 empty");
    CHECK(item("") == "more 0");
    const string whole = "a.txt:10.0.0.7:9000;";
    for (std::size_t size = 1; size < whole.size(); ++size) {
        CHECK(item(whole.substr(0, size)).starts_with("tentative"));
    }
    CHECK(item(string(registry_message_limit, 'a')) == "error");
}

TEST_CASE("what is no entry of a list is words") {
    for (const string& words :
         {string("hello"), string("a:h"), string(":h:1"), string("a::1"), string("a:h:0"),
          string("a:h:65536"), string("a:h:x"), string("]:1"), string("a:[]:1"),
          string("a:[[h]]:1"), string("a:h h:1"), string("::")}) {
        INFO(words);
        const string said = item(words + ";");
        CHECK(said == "complete " + std::to_string(words.size() + 1) + " words " + words);
    }
}

TEST_CASE("what a list can say is read as it was") {
    string text;
    append_registry_item(text, "a b.txt", "10.0.0.7", 9000);
    append_registry_item(text, "c", "h", 1);
    CHECK(text == "a b.txt:10.0.0.7:9000;c:h:1;");
    CHECK(item(text) == "complete 22 a b.txt 10.0.0.7 9000");
    CHECK(registry_can_say("a b", "h"));
    for (const char* bad : {"a:b", "a;b", "a\nb", "a\rb", ""}) {
        CHECK_FALSE(registry_can_say(bad, "h"));
        CHECK_FALSE(registry_can_say("a", bad));
    }
    CHECK_FALSE(registry_can_say("a", "fe80::1"));
}
