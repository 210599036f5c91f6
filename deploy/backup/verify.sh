#!/bin/sh
# Reads the newest base backup (or BASE) again, and all WAL that came after it: checksums and gaps.
#
#   verify.sh NAME [BASE]
#
# It says that nothing is missing or damaged. That it can be restored, only a restore says.
. "$(dirname "$0")/common.sh"
place "${1:-}"

base=${2:-$(bases | tail -n 1)}
[ -n "$base" ] && [ -d "$here/base/$base" ] || fail "There is no base backup of $name."
pg_verifybackup --quiet "$here/base/$base"
first=$(first_segment "$base")
line=$(echo "$first" | cut -c1-8) # the timeline: after a failover another one begins
last=$(ls "$here/wal" 2>/dev/null | grep -E "^$line[0-9A-F]{16}\$" | tail -n 1) || last=
if [ -n "$last" ] && [ "$(printf '%s\n%s\n' "$first" "$last" | sort | tail -n 1)" = "$last" ]; then
    pg_waldump --quiet --path="$here/wal" "$first" "$last"
    echo "$base: whole, and so is WAL until $last"
else
    echo "$base: whole. No file of WAL has been completed since."
fi
