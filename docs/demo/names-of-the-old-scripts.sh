#!/usr/bin/env bash
# The job: put netcopy where the assignment's Python scripts were, without a change to whatever
# calls them. Called by a script's name, netcopy takes that script's operands and says what it said.
#
# Usage: bash docs/demo/names-of-the-old-scripts.sh
# Prints: CSUM OK

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
mkdir scripts
head -c 100000 /dev/urandom >original

run netcopy install-links scripts

# As anybody called by the wrong operands, a script prints its usage.
status=0
run scripts/netcopy_cli.py || status=$?
[[ $status == 2 ]] || fail "the exit status should have been 2"

serve scripts/checksum_srv.py 127.0.0.1 0
checksums=("$address" "$port")

serve scripts/netcopy_srv.py 127.0.0.1 0 "${checksums[@]}" 12 copy
run scripts/netcopy_cli.py "$address" "$port" "${checksums[@]}" 12 original

finish
cmp original copy
