#!/bin/sh
# Receives WAL as the server writes it, into BACKUP_FOLDER/NAME/wal. Runs until it is stopped, and
# connects again by itself: let systemd or a container keep it running.
#
#   wal.sh NAME
#
# The slot BACKUP_SLOT (plg_backup) makes the server keep what was not received yet. So set
# max_slot_wal_keep_size there: a receiver that stays away must not fill its disk.
. "$(dirname "$0")/common.sh"
place "${1:-}"

slot=${BACKUP_SLOT:-plg_backup}
mkdir -p "$here/wal"
pg_receivewal --slot="$slot" --create-slot --if-not-exists --no-password
# --synchronous: what the server is told to be received is on the disk.
exec pg_receivewal --directory="$here/wal" --slot="$slot" --synchronous --no-password
