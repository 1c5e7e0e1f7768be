#!/usr/bin/env bash
# Installs what the tests need, builds with GCC and clang, and runs all tests; what hostile input or threads could
# break also under the sanitizers. On a bare
# Debian 12, as root or with sudo:
#
#     bash test/ci.sh [STAGE...]        stages: packages quickstart release sanitizers threads bench; default: all
#
# docs/testing.md tells what each kind of test is for.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=docs/packages.sh
source docs/packages.sh
test_packages=(catch2 clang-16 libclang-rt-16-dev clang-format-14 python3 shellcheck zsh fish procps
    iproute2 redis-server redis-tools rsync strace nginx-light curl libudt-dev)

stage() {
    echo
    echo "=== $* ($SECONDS s since the start)"
}

# build_and_test PRESET "TARGET..." CTEST-OPTION...
build_and_test() {
    local preset=$1 targets
    read -ra targets <<<"$2"
    shift 2
    cmake --preset "$preset" -DNETCOPY_TESTS=ON >/dev/null
    cmake --build "build/$preset" --target "${targets[@]}"
    # Tests wait more than they compute: four at a time keep two processors busy.
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel 4 "$@"
}

run_packages() {
    stage "Packages"
    install_packages "${build_packages[@]}" "${test_packages[@]}"
}

run_release() {
    stage "Release with GCC: every test"
    build_and_test release all
}

run_quickstart() {
    stage "The first command of the README"
    bash docs/quickstart.sh
}

run_sanitizers() {
    stage "Address and undefined-behaviour sanitizers with clang, libFuzzer targets over their corpus"
    # End to end: those with input that is hostile or broken. The others would take CI too long.
    # Not optimised: compiling is most of this stage.
    build_and_test asan all --tests-regex '^(unit:|fuzz:|sim: [0-9]+ seeded|interop: test_our_.*(server|receiver|share)$|e2e: test_(bad_clients|checksum_framing|checksum_limits|copy_hostile|fetch_hostile|copy_refusals|copy_sources|share_download|share_names|share_upload)$)'
}

run_threads() {
    stage "Thread sanitizer with clang: what runs on several threads"
    build_and_test tsan netcopy_unit --tests-regex '^unit:'
}

run_bench() {
    stage "The benchmarks, small: that they work, not what they show"
    python3 test/bench/bench.py --quick --netcopy build/release/app/netcopy
}

stages=("$@")
[[ $# -gt 0 ]] || stages=(packages quickstart release sanitizers threads bench)
for each in "${stages[@]}"; do
    "run_$each"
done
stage "All stages passed: ${stages[*]}"
