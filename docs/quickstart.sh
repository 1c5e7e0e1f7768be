#!/usr/bin/env bash
# From a fresh Debian 12 to a verified copy of a file. Run it as root or as somebody who may use
# sudo, from any folder:
#
#     bash docs/quickstart.sh
#
# NETCOPY=/path/to/netcopy skips packages and build, and takes that program.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=docs/packages.sh
source "$root/docs/packages.sh"

build() {
    local options=()
    # A build folder that has the tests in it keeps them.
    [[ -e $root/build/release/build.ninja ]] || options=(-DNETCOPY_TESTS=OFF)
    (cd "$root" && cmake --preset release "${options[@]}")
    cmake --build "$root/build/release" --target netcopy_app
}

echo "netcopy: this will"
if [[ -n ${NETCOPY:-} ]]; then
    echo "  1. (not) install packages and build, since NETCOPY names a program: $NETCOPY"
else
    echo "  1. install the packages that the build needs, with apt-get, unless they are there,"
    echo "     and build a release in $root/build/release (some minutes);"
fi
echo "  2. start a checksum server and a receiver on this machine, send them a file, and show the"
echo "     receiver's verdict. Nothing stays running, and the copies are removed."

if [[ -z ${NETCOPY:-} ]]; then
    echo
    echo "== 1a. Packages: ${build_packages[*]}"
    install_packages "${build_packages[@]}"
    echo
    echo "== 1b. Build"
    build
    export NETCOPY=$root/build/release/app/netcopy
fi

echo
echo "== 2. A verified copy. What stands behind \$ is what you would type; & is another terminal."
bash "$root/docs/demo/copy-one-file.sh"
