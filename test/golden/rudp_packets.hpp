#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// Reads test/golden/rudp; test/golden/README.md describes the format.
namespace netcopy::test {

struct GoldenDatagram {
    char side = 0;  ///< C or S
    std::string title;
    std::vector<std::byte> bytes;  ///< the seal included
};

inline void append_hex(const std::string& word, std::vector<std::byte>& bytes) {
    if (word.starts_with("00*")) {
        bytes.resize(bytes.size() + std::stoul(word.substr(3)));
        return;
    }
    if (word.size() % 2 != 0) throw std::runtime_error("half a byte: " + word);
    for (std::size_t i = 0; i < word.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoul(word.substr(i, 2), nullptr, 16)));
}

inline std::vector<GoldenDatagram> read_datagrams(const std::filesystem::path& path) {
    std::vector<GoldenDatagram> datagrams;
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        if (line.front() != ' ') {
            datagrams.push_back({line.front(), line.substr(3), {}});
            continue;
        }
        std::istringstream words(line.substr(0, line.find(';')));
        for (std::string word; words >> word;) append_hex(word, datagrams.back().bytes);
    }
    return datagrams;
}

}  // namespace netcopy::test
