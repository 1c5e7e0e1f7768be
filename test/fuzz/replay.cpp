// main() of a fuzz target without libFuzzer: runs every file of the folders and files given, once.
// Fails when there was none, so that a missing corpus is not taken for a good one.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

namespace {

bool run_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        return false;
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(input.data()), input.size());
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    namespace fs = std::filesystem;
    int ran = 0;
    for (int i = 1; i < argc; ++i) {
        const fs::path given = argv[i];
        std::error_code error;
        if (!fs::is_directory(given, error)) {
            if (!run_file(given)) return 1;
            ++ran;
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator(given)) {
            if (!entry.is_regular_file()) continue;
            if (!run_file(entry.path())) return 1;
            ++ran;
        }
    }
    if (ran == 0) {
        std::fprintf(stderr, "no input was found\n");
        return 1;
    }
    std::printf("%d inputs\n", ran);
    return 0;
}
