#!/usr/bin/env bash
# The job: a large file over a slow line, and a sender that dies half-way. The same command goes on
# where it stopped.
#
# Usage: bash docs/demo/go-on-after-a-crash.sh
# Prints: the copy is the same

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
head -c 40000000 /dev/urandom >big.iso

serve netcopy receive inbox --listen 127.0.0.1:0
show netcopy send big.iso "$endpoint" --bwlimit 10M '&'
"$program" send big.iso "$endpoint" --bwlimit 10M --quiet &
sender=$!
running[$sender]=sender

# What the receiver has so far lies beside the place where the file will be; the journal gets 8 bytes
# for each 256 KiB.
for ((i = 0; i < patience * 10; ++i)); do
    journal=$(stat -c %s inbox/.big.iso.netcopy-*.journal 2>/dev/null) || journal=0
    ((journal < 400)) || break
    sleep 0.1
done
show kill -KILL "$sender"
kill -KILL "$sender"
wait "$sender" 2>/dev/null || true
unset "running[$sender]"
run ls -A inbox

run netcopy send big.iso "$endpoint"
run ls -A inbox
cmp big.iso inbox/big.iso
echo 'the copy is the same'
stop
