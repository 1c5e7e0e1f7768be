#!/usr/bin/env bash
# The job: copy a large file as fast as possible. A CRC32 is far cheaper to compute than an MD5, and
# it finds what goes wrong by accident just as well. Both sides have to be told.
#
# Usage: bash docs/demo/verify-with-crc32.sh [FILE]     (without one: 64 MiB of zeros)
# Prints: CSUM OK

here=$(cd "$(dirname "$0")" && pwd)
[[ $# -eq 0 ]] || chosen=$(realpath -- "$1")
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
original=${chosen:-zeros}
[[ -n ${chosen:-} ]] || truncate -s 64M zeros

serve netcopy checksum-server 127.0.0.1 0
checksums=$endpoint

serve netcopy receive copy --listen 127.0.0.1:0 --checksum-server "$checksums" --id 9 \
    --checksum crc32
run netcopy send "$original" "$endpoint" --checksum-server "$checksums" --id 9 --checksum crc32

finish
cmp "$original" copy
