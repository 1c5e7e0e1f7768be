#!/usr/bin/env bash
# The job: see what two programs say to each other, or look up a checksum without any program. The
# protocol is plain text over TCP (docs/protocol/checksum.md), so bash is enough.
#
# Usage: bash docs/demo/talk-to-the-checksum-server.sh
# Prints: 0|

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"

serve netcopy checksum-server 127.0.0.1 0
exec {server}<>"/dev/tcp/${endpoint/:/\/}"

# Sends a message and reads as many bytes as the answer has, because nothing marks its end.
say() {
    echo "> $1"
    printf '%s' "$1" >&"$server"
    head -c "$2" <&"$server"
    echo
}

say 'BE|1237671|60|12|abcdefabcdef' 2
say 'KI|1237671' 15
say 'KI|4' 2
