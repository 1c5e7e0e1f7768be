#!/usr/bin/env bash
# The job: one folder that several people put files into and take files from. Every file is known by
# its MD5, whatever it is called, so that nothing is sent that is there already.
#
# Usage: bash docs/demo/share.sh
# Prints: the copies are the same

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
mkdir shared
seq 100000 >numbers.txt
echo 'hello world' >hello.txt

serve netcopy share shared --listen 127.0.0.1:0
run netcopy list "$endpoint"
run netcopy upload numbers.txt hello.txt "$endpoint"

# The same bytes again: nothing is sent. Other bytes under the same name: both are kept.
cp numbers.txt copy-of-numbers.txt
run netcopy upload copy-of-numbers.txt "$endpoint"
echo 'goodbye' >hello.txt
run netcopy upload hello.txt "$endpoint"

# A file that is copied into the folder by hand is served as well.
echo 'by hand' >made-by-hand
mv made-by-hand shared/by-hand.txt
until [[ $(netcopy list "$endpoint") == *by-hand* ]]; do
    sleep 0.1
done
run netcopy list "$endpoint"

run netcopy download numbers.txt 'hello*' "$endpoint" -o inbox
run netcopy download "$(md5sum <numbers.txt | cut -c 1-8)" "$endpoint" -o by-id
run cmp numbers.txt inbox/numbers.txt
run cmp numbers.txt by-id/numbers.txt
run cmp hello.txt 'inbox/hello (2).txt'
echo 'the copies are the same'
stop
