#!/bin/sh
# A base backup of a whole server, checked, into BACKUP_FOLDER/NAME/base.
#
#   base.sh NAME        main or events: once a day
#
# The role needs REPLICATION. It is called by the moment at which it was finished: with the WAL that
# wal.sh receives, any later moment can be restored.
. "$(dirname "$0")/common.sh"
place "${1:-}"

mkdir -p "$here/base"
new=$here/base/unfinished.$$
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
pg_basebackup --pgdata="$new" --wal-method=stream --checkpoint=fast --manifest-checksums=SHA256 \
    --label="$name" --no-password
pg_verifybackup --quiet "$new"
sleep 1 # its name has whole seconds, and must not be before its end
made=$(now)
mv "$new" "$here/base/$made"
sync
bytes=$(size "$here/base/$made")
report base "$name" --bytes "$bytes"
echo "$here/base/$made: $bytes bytes, checked"
