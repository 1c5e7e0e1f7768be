#!/usr/bin/env bash
# The job: copy a whole folder in one go. tar makes a stream of it, netcopy carries and proves the
# stream, and it is unpacked only once it has been proven.
#
# Usage: bash docs/demo/copy-a-folder-through-tar.sh [FOLDER]     (without one: this project's docs)
# Prints: CSUM OK

here=$(cd "$(dirname "$0")" && pwd)
[[ $# -eq 0 ]] || chosen=$(realpath -- "$1")
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
original=${chosen:-$root/docs}
mkdir there

serve netcopy checksum-server 127.0.0.1 0
checksums=$endpoint

serve netcopy receive folder.tar --listen 127.0.0.1:0 --checksum-server "$checksums" --id 8
echo "$ tar -C $original -c . | netcopy send - $endpoint --checksum-server $checksums --id 8"
tar -C "$original" -c . | netcopy send - "$endpoint" --checksum-server "$checksums" --id 8

finish
run tar -C there -xf folder.tar
run diff -r "$original" there
