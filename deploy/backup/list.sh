#!/bin/sh
# What there is: each base backup, and until when WAL goes on from there.
#
#   list.sh NAME
. "$(dirname "$0")/common.sh"
place "${1:-}"

for base in $(bases); do
    echo "$base  $(size "$here/base/$base") bytes, needs WAL from $(first_segment "$base")"
done
last=$(ls "$here/wal" 2>/dev/null | grep -E '^[0-9A-F]{24}(\.partial)?$' | tail -n 1) || last=
[ -n "$last" ] || fail "No WAL has been received: run wal.sh $name."
echo "WAL until $last, $(date -u -r "$here/wal/$last" +%Y-%m-%dT%H:%M:%SZ)"
