#!/usr/bin/env bash
# The job: a folder that is to be on another machine as well, today and after every change. The
# first run sends all of it, the next one only what is new.
#
# Usage: bash docs/demo/send-a-folder.sh [FOLDER]     (without one: this project's docs)
# Prints: the copy is the same

here=$(cd "$(dirname "$0")" && pwd)
[[ $# -eq 0 ]] || chosen=$(realpath -- "$1")
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
cp -a "${chosen:-$root/docs}" original

serve netcopy receive inbox --listen 127.0.0.1:0 --overwrite newer
run netcopy send -r original "$endpoint"
run diff -r original inbox/original

echo 'something new' >original/news
run netcopy send -r original "$endpoint" --dry-run >answers
grep '^send ' answers
run netcopy send -r original "$endpoint"
run diff -r original inbox/original
echo 'the copy is the same'
stop
