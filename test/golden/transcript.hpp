#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Reads golden transcripts; test/golden/README.md describes the format.
namespace netcopy::test {

struct Step {
    enum class Kind { client, server, client_end, server_end, seconds, result, no_result } kind;
    std::string bytes;  ///< of client, server and result; digits of seconds
};

struct Transcript {
    std::string name;  ///< of the file, for messages
    std::vector<Step> steps;
};

/// `\xNN` to bytes. Throws std::runtime_error for any other backslash.
inline std::string unescape(std::string_view text) {
    const auto digit = [&](std::size_t at) {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto value = at < text.size() ? digits.find(text[at]) : std::string_view::npos;
        if (value == std::string_view::npos)
            throw std::runtime_error("bad escape: " + std::string(text));
        return static_cast<int>(value);
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (text.substr(i, 2) != "\\x")
            throw std::runtime_error("bad escape: " + std::string(text));
        out += static_cast<char>(digit(i + 2) * 16 + digit(i + 3));
        i += 3;
    }
    return out;
}

inline Step parse_step(const std::string& line) {
    using Kind = Step::Kind;
    if (line == "C end") return {Kind::client_end, ""};
    if (line == "S end") return {Kind::server_end, ""};
    if (line == "R none") return {Kind::no_result, ""};
    const std::string_view head = std::string_view(line).substr(0, 3);
    const std::string rest = line.size() > 3 ? line.substr(3) : "";
    if (head == "C: ") return {Kind::client, unescape(rest)};
    if (head == "S: ") return {Kind::server, unescape(rest)};
    if (head == "R: ") return {Kind::result, unescape(rest)};
    if (head == "T: ") return {Kind::seconds, rest};
    throw std::runtime_error("no line of a transcript: " + line);
}

inline Transcript read_transcript(const std::filesystem::path& path) {
    Transcript transcript{path.filename().string(), {}};
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line.front() != '#') transcript.steps.push_back(parse_step(line));
    }
    return transcript;
}

/// The transcripts of a folder, in the order of their names: those whose names begin with
/// `foreign-`, or the others.
inline std::vector<Transcript> read_transcripts(const std::filesystem::path& folder, bool foreign) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const bool is_foreign = entry.path().filename().string().starts_with("foreign-");
        if (entry.path().extension() == ".txt" && is_foreign == foreign)
            paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::vector<Transcript> transcripts;
    for (const auto& path : paths) transcripts.push_back(read_transcript(path));
    return transcripts;
}

}  // namespace netcopy::test
