#!/usr/bin/env bash
# The job: a script that copies a file and acts on how it went. The exit status says what kind of
# failure it was, and with --json the last line on stdout says all that is known.
#
# Usage: bash docs/demo/json-for-scripts.sh
# Prints: CSUM OK

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
head -c 1000000 /dev/zero >original

# The text of a member of the last object that `netcopy --json` printed.
member() {
    tail -n 1 report.json | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

send() {
    local status=0
    show netcopy send original "$1" --checksum-server "$checksums" --id 13 --json
    netcopy send original "$1" --checksum-server "$checksums" --id 13 --json >report.json ||
        status=$?
    tail -n 1 report.json
    case $status in
        0) echo "sent; its MD5 is $(member md5)" ;;
        6) echo "nobody is there, so this may be tried again later: $(member error)" ;;
        *) fail "given up, exit status $status: $(member error)" ;;
    esac
}

serve netcopy checksum-server 127.0.0.1 0
checksums=$endpoint

send 127.0.0.1:1

serve netcopy receive copy --listen 127.0.0.1:0 --checksum-server "$checksums" --id 13
send "$endpoint"
[[ $(member md5) == "$(md5sum original | cut -d ' ' -f 1)" ]]

finish
cmp original copy
