#!/usr/bin/env bash
# The job: to know in a year that a copy is still what was sent. The manifest that the sender writes
# is a list of sha256sum; any program that knows those can check it, too.
#
# Usage: bash docs/demo/verify-a-copy.sh
# Prints: three.txt: FAILED

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
for name in one two three four; do
    echo "$name" >"$name.txt"
done

serve netcopy receive archive --listen 127.0.0.1:0
run netcopy send one.txt two.txt three.txt four.txt "$endpoint" --manifest archive.sha256
stop

run netcopy verify archive.sha256 archive
(cd archive && sha256sum --check --quiet ../archive.sha256)

# Somebody writes into the copy.
echo 'drei' >archive/three.txt
status=0
run netcopy verify archive.sha256 archive || status=$?
[[ $status == 4 ]] || fail "the exit status should have been 4"
