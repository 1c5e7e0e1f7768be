#!/usr/bin/env bash
# The job: a machine that takes a new version of a file whenever somebody has one. One receiver
# stays there; each version replaces the one before it in a single step, once it has been proven.
#
# Usage: bash docs/demo/take-every-new-version.sh
# Prints: CSUM OK

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docs/demo/common.sh
source "$here/common.sh"
mkdir inbox

serve netcopy checksum-server 127.0.0.1 0
checksums=$endpoint

serve netcopy receive inbox/prices.csv --listen 127.0.0.1:0 --checksum-server "$checksums" --id 10 \
    --keep-running
for version in monday tuesday wednesday; do
    echo "bread,$version" >prices.csv
    run netcopy send prices.csv "$endpoint" --checksum-server "$checksums" --id 10
    # One id is one place at the checksum server: the next version waits for this one's verdict.
    verdict
    cmp prices.csv inbox/prices.csv
done

# On the first signal a server finishes what is in flight, then ends.
stop
