#include "wire/registry.hpp"

#include "wire/copy_fields.hpp"
#include "wire/copy_line_writer.hpp"
#include "wire/registry_seed.hpp"

namespace netcopy::wire {
namespace {

std::string take_name(CopyLine& line) {
    std::string name = line.name();
    if (name.size() > registry_name_limit) line.fail("a name is longer than 255 bytes");
    return name;
}

std::uint16_t take_port(CopyLine& line) {
    const std::uint64_t port = line.number("the port is no number");
    if (port == 0 || port > UINT16_MAX) line.fail("the port is not from 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

std::string take_host(CopyLine& line) {
    std::string host = line.name();
    if (!is_registry_host(host)) line.fail("this is no host's name or address");
    return host;
}

CopyFile take_file(CopyLine& line) {
    CopyFile file = parse_copy_file(line);
    if (file.name.size() > registry_name_limit) line.fail("a name is longer than 255 bytes");
    if (file.sha256.empty()) line.fail("the file has no sha256");
    return file;
}

RegistryNo take_no(CopyLine& line) {
    RegistryNo no;
    no.code = line.word("the code is no word");
    no.text = line.text();
    return no;
}

constexpr CopyVerb<RegistryNews> news_verbs[] = {
    {"FILE", [](CopyLine& line) -> RegistryNews { return take_file(line); }},
    {"GONE", [](CopyLine& line) -> RegistryNews { return RegistryGone{take_name(line)}; }},
    {"BEAT", parse_copy_bare<RegistryBeat, RegistryNews>},
    {"WHOLE", parse_copy_bare<RegistryWhole, RegistryNews>},
    {"ANEW", parse_copy_bare<RegistryAnew, RegistryNews>},
    {"SERVER",
     [](CopyLine& line) -> RegistryNews {
         RegistryServer server;
         server.port = take_port(line);
         if (line.more()) server.host = take_host(line);
         return server;
     }},
};

constexpr CopyVerb<RegistryAnswer> answer_verbs[] = {
    {"BEAT", parse_copy_bare<RegistryBeat, RegistryAnswer>},
    {"NO", [](CopyLine& line) -> RegistryAnswer { return take_no(line); }},
};

constexpr CopyVerb<CatalogueAsked> asked_verbs[] = {
    {"FIND", [](CopyLine& line) -> CatalogueAsked { return CatalogueFind{take_name(line)}; }},
    {"BEGIN", [](CopyLine& line) -> CatalogueAsked { return CatalogueBegin{take_name(line)}; }},
    {"ALL", parse_copy_bare<CatalogueAll, CatalogueAsked>},
    {"LAST", parse_copy_bare<CatalogueLast, CatalogueAsked>},
};

constexpr CopyVerb<CatalogueLine> line_verbs[] = {
    {"FROM",
     [](CopyLine& line) -> CatalogueLine {
         CatalogueFrom from;
         from.port = take_port(line);
         from.host = take_host(line);
         return from;
     }},
    {"FILE", [](CopyLine& line) -> CatalogueLine { return take_file(line); }},
    {"NAME", [](CopyLine& line) -> CatalogueLine { return CatalogueName{take_name(line)}; }},
    {"END", [](CopyLine& line) -> CatalogueLine { return parse_copy_listed(line); }},
    {"NO", [](CopyLine& line) -> CatalogueLine { return take_no(line); }},
};

}  // namespace

Result<Parsed<RegistryNews>> parse_registry_news(std::string_view bytes) {
    return parse_copy_line<RegistryNews>(
        bytes, copy_line_limit, CopyCheckRule::last_field,
        [](CopyLine& line) { return parse_copy_verb(line, news_verbs); });
}

Result<Parsed<RegistryAnswer>> parse_registry_answer(std::string_view bytes) {
    return parse_copy_line<RegistryAnswer>(
        bytes, copy_line_limit, CopyCheckRule::last_field,
        [](CopyLine& line) { return parse_copy_verb(line, answer_verbs); });
}

Result<Parsed<CatalogueAsked>> parse_catalogue_asked(std::string_view bytes) {
    return parse_copy_line<CatalogueAsked>(
        bytes, copy_line_limit, CopyCheckRule::last_field,
        [](CopyLine& line) { return parse_copy_verb(line, asked_verbs); });
}

Result<Parsed<CatalogueLine>> parse_catalogue_line(std::string_view bytes) {
    return parse_copy_line<CatalogueLine>(
        bytes, copy_line_limit, CopyCheckRule::last_field,
        [](CopyLine& line) { return parse_copy_verb(line, line_verbs); });
}

void append(std::string& out, const RegistryServer& message) {
    CopyLineWriter line(out, "SERVER");
    line.number(message.port);
    if (!message.host.empty()) line.escaped(message.host);
    line.end();
}

void append(std::string& out, const RegistryGone& message) {
    CopyLineWriter(out, "GONE").escaped(message.name).end();
}

void append(std::string& out, const RegistryWhole&) { CopyLineWriter(out, "WHOLE").end(); }
void append(std::string& out, const RegistryAnew&) { CopyLineWriter(out, "ANEW").end(); }
void append(std::string& out, const RegistryBeat&) { CopyLineWriter(out, "BEAT").end(); }

void append(std::string& out, const RegistryNo& message) {
    CopyLineWriter(out, "NO").reason(message.code, message.text, copy_text_limit).end();
}

void append(std::string& out, const CatalogueFind& message) {
    CopyLineWriter(out, "FIND").escaped(message.name).end();
}

void append(std::string& out, const CatalogueBegin& message) {
    CopyLineWriter(out, "BEGIN").escaped(message.prefix).end();
}

void append(std::string& out, const CatalogueAll&) { CopyLineWriter(out, "ALL").end(); }
void append(std::string& out, const CatalogueLast&) { CopyLineWriter(out, "LAST").end(); }

void append(std::string& out, const CatalogueName& message) {
    CopyLineWriter(out, "NAME").escaped(message.name).end();
}

void append(std::string& out, const CatalogueFrom& message) {
    CopyLineWriter(out, "FROM").number(message.port).escaped(message.host).end();
}

}  // namespace netcopy::wire
