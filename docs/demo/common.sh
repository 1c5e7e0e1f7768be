# Shared by the demos: sourced, not run. It starts real servers on free ports of this machine, shows
# every command line as it runs it, works in a temporary folder, and stops what it started, by
# process id, however the demo ends.
#
# NETCOPY names the program; without it the release build in this project's folder is taken.
# shellcheck shell=bash

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$(realpath -- "${NETCOPY:-$root/build/release/app/netcopy}")
if [[ ! -x $program ]]; then
    echo "$0: there is no program $program; 'bash docs/quickstart.sh' builds it" >&2
    exit 1
fi

work=$(mktemp -d)   # where the demo takes place
log=$(mktemp -d)    # the pipes to its servers
declare -A running  # process ids that are ours to stop
servers=0
patience=30          # seconds until a server must have said what is waited for

clean_up() {
    local each
    for each in "${!running[@]}"; do
        # The first signal lets transfers finish, the second one does not.
        kill -TERM "$each" 2>/dev/null || true
        kill -INT "$each" 2>/dev/null || true
        wait "$each" 2>/dev/null || true
    done
    rm -rf "$work" "$log"
}
trap clean_up EXIT
cd "$work"

fail() {
    echo "$0: $*" >&2
    exit 1
}

# Prints a command line as one would type it.
show() {
    local word line='$'
    for word in "$@"; do
        [[ $word =~ ^[]A-Za-z0-9_.,/:=@%+\&[-]+$ ]] || word=${word@Q}
        line+=" $word"
    done
    echo "$line"
}

netcopy() {
    "$program" "$@"
}

# Shows a command line, then runs it.
run() {
    show "$@"
    "$@"
}

# Starts a server behind the scenes and waits for its first line, which says where it listens. The
# first word is `netcopy` or the path of a program. Sets `pid`; `endpoint`, `address` and `port`,
# where it listens; and the descriptors `results` and `remarks`, to read its stdout and stderr from.
# shellcheck disable=SC2034 # for the demos to use
serve() {
    local line='' binary=$1 pipes=$log/$((servers += 1))
    [[ $1 != netcopy ]] || binary=$program
    show "$@" '&'
    mkfifo "$pipes.stdout" "$pipes.stderr"
    "$binary" "${@:2}" >"$pipes.stdout" 2>"$pipes.stderr" &
    pid=$!
    running[$pid]=$servers
    exec {results}<"$pipes.stdout" {remarks}<"$pipes.stderr"
    read -r -t "$patience" -u "$remarks" line || true
    [[ $line == *': listening on '* ]] || fail "$1 did not start: $line"
    echo "$line"
    endpoint=${line##* listening on }
    address=${endpoint%:*}
    port=${endpoint##*:}
}

# Waits for the next line on stdout of the server that was started last, and shows it.
verdict() {
    local line=''
    read -r -t "$patience" -u "$results" line || fail 'no verdict came'
    echo "$line"
}

# Waits for the server that was started last to end by itself, and shows what else it says, results
# last. Returns its exit status.
finish() {
    local status=0
    show wait
    wait "$pid" || status=$?
    unset "running[$pid]"
    cat <&"$remarks"
    cat <&"$results"
    return "$status"
}

# Asks the server that was started last to stop, as Ctrl-C does, and waits for it.
stop() {
    local status=0
    show kill -INT "$pid"
    kill -INT "$pid"
    wait "$pid" || status=$?
    unset "running[$pid]"
    cat <&"$remarks"
    cat <&"$results"
    [[ $status == 130 ]] || fail "the server ended with exit status $status"
}
