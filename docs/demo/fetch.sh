#!/usr/bin/env bash
# The job: the same large file lies on two machines. A third one takes it from both at once, over
# UDP, and does not need to know where they are: a master does.
#
# Usage: bash docs/demo/fetch.sh
# Prints: the copies are the same

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
mkdir one two
seq 3000000 >one/numbers.txt
cp -p one/numbers.txt two/numbers.txt
echo 'only here' >two/note.txt

serve netcopy master-server --listen 127.0.0.1:0
master=$endpoint
serve netcopy file-server one --master "$master"
serve netcopy file-server two --master "$master"
# Until the master knows both files, one of them from both servers.
until [[ $(netcopy list --master "$master" --json) == *note.txt*'"sources":2'* ]]; do
    sleep 0.1
done
run netcopy list --master "$master"

run netcopy fetch --all --master "$master" -o inbox
run cmp one/numbers.txt inbox/numbers.txt
run cmp two/note.txt inbox/note.txt

# Again: nothing is fetched that is there.
run netcopy fetch 'n*' --master "$master" -o inbox
echo 'the copies are the same'
stop
