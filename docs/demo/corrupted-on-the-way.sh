#!/usr/bin/env bash
# The job: see what happens when a file is damaged on its way. The verdict says so, the exit status
# is 4, the file that was there before is still there, and what arrived is kept for a look at it.
#
# The damage is done by hand: the checksum server is told the MD5 of the original, and other bytes
# are sent. That takes no more than bash, since the protocol is plain text.
#
# Usage: bash docs/demo/corrupted-on-the-way.sh
# Prints: CSUM CORRUPTED

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"

echo 'pay 100 to Alice' >original
echo 'pay 900 to Alice' >damaged
echo 'the version of yesterday' >order
md5=$(md5sum original | cut -d ' ' -f 1)

serve netcopy checksum-server 127.0.0.1 0
checksums=$endpoint

echo "$ exec {server}<>/dev/tcp/${checksums/:/\/}"
exec {server}<>"/dev/tcp/${checksums/:/\/}"
echo "$ printf 'BE|11|60|32|$md5' >&\$server; head -c 2 <&\$server"
printf 'BE|11|60|32|%s' "$md5" >&"$server"
head -c 2 <&"$server"
echo
exec {server}>&-

serve netcopy receive order --listen 127.0.0.1:0 --checksum-server "$checksums" --id 11
echo "$ cat damaged >/dev/tcp/${endpoint/:/\/}"
cat damaged >"/dev/tcp/${endpoint/:/\/}"

status=0
finish || status=$?
echo "(exit status $status)"
[[ $status == 4 ]] || fail "the exit status should have been 4"

run cat order
run cat order.corrupted
[[ $(<order) == 'the version of yesterday' ]] || fail 'the file that was there before is another'
cmp damaged order.corrupted
