# Sourced by docs/quickstart.sh and test/ci.sh: the Debian packages that netcopy is built with, and how to get them.
# shellcheck shell=bash

# shellcheck disable=SC2034  # used by those who source this
build_packages=(g++ cmake ninja-build pkg-config libboost1.81-dev libboost-log1.81-dev
    libboost-program-options1.81-dev libboost-json1.81-dev libboost-system1.81-dev libcrypto++-dev
    libisal-dev libsoci-dev libsqlite3-dev)

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs those of the packages given that are missing, as root or through sudo.
install_packages() {
    local package missing=() as_root=()
    if ! command -v apt-get >/dev/null; then
        echo "This is no Debian: what is needed is called there $*."
        return
    fi
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    if [[ ${#missing[@]} -eq 0 ]]; then
        echo "All of them are there."
        return
    fi
    if [[ $EUID -ne 0 ]]; then
        if ! command -v sudo >/dev/null; then
            echo "$0: as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends "${missing[@]}"
}
