#!/usr/bin/env bash
# The job: copy one file to another machine, and know that it arrived.
#
# Usage: bash docs/demo/copy-one-file.sh [FILE]     (without one: the netcopy program itself)
# Prints: CSUM OK

here=$(cd "$(dirname "$0")" && pwd)
[[ $# -eq 0 ]] || chosen=$(realpath -- "$1")
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
original=${chosen:-$program}

serve netcopy checksum-server 127.0.0.1 0
checksums=$endpoint

serve netcopy receive copy --listen 127.0.0.1:0 --checksum-server "$checksums" --id 7
run netcopy send "$original" "$endpoint" --checksum-server "$checksums" --id 7

finish
cmp "$original" copy
