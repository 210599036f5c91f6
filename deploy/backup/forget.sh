#!/bin/sh
# Removes old backups: of a server all but the newest BACKUP_KEEP (7) and the WAL that only they need;
# of files what has been gone for BACKUP_KEEP_DAYS (30).
#
#   forget.sh NAME
#
# What was purged lives on in backups until then: no longer than your privacy policy says.
. "$(dirname "$0")/common.sh"
place "${1:-}"

keep=${BACKUP_KEEP:-7}
[ "$keep" -ge 1 ] || fail "BACKUP_KEEP must be 1 or more."
count=$(bases | wc -l)
if [ "$count" -gt "$keep" ]; then
    for base in $(bases | head -n $((count - keep))); do
        rm -rf "${here:?}/base/$base"
        echo "$base is gone"
    done
    oldest=$(bases | head -n 1)
    [ ! -d "$here/wal" ] || pg_archivecleanup "$here/wal" "$(first_segment "$oldest")"
fi
if [ -d "$here/gone" ]; then
    find "$here/gone" -mindepth 1 -maxdepth 1 -mtime "+${BACKUP_KEEP_DAYS:-30}" -exec rm -rf {} +
fi
