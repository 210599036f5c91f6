# Read by the scripts beside it; not run by itself. docs/backups.md says how they are used.
#
#   BACKUP_FOLDER   where backups lie, a disk of another machine than the server's
#   PGHOST, PGPORT, PGUSER, PGPASSFILE, PGSSLMODE …   the server, as libpq knows it
#   BACKUP_REPORT   optional: a command that tells the installation, such as
#                   "docker exec app python manage.py backup_report"

set -eu
umask 077

fail() {
    echo "$*" >&2
    exit 1
}

place() { # NAME: the folder of what is called so
    : "${BACKUP_FOLDER:?Say where backups lie}"
    case ${1:-} in
    '' | *[!A-Za-z0-9._-]* | .*) fail "Give it a name of letters, digits and dashes: main, events or files." ;;
    esac
    case $BACKUP_FOLDER in
    /*) ;;
    *) fail "BACKUP_FOLDER must be a whole path, from /." ;;
    esac
    case $BACKUP_FOLDER in
    *[\'\"%\\]*) fail "BACKUP_FOLDER must not have quotes, % or \\ in it: PostgreSQL reads it, too." ;;
    esac
    name=$1
    here=$BACKUP_FOLDER/$name
}

now() { # in UTC, as backups are called
    date -u +%Y%m%dT%H%M%SZ
}

bases() { # finished ones, oldest first
    [ -d "$here/base" ] || return 0
    for each in "$here"/base/*Z; do
        [ ! -d "$each" ] || basename "$each"
    done
}

first_segment() { # BASE: the file of WAL with which a restore of it begins
    sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\))$/\1/p' "$here/base/$1/backup_label"
}

size() { # FOLDER: its bytes on the disk
    du -sk "$1" | awk '{ printf "%.0f", $1 * 1024 }'
}

report() {
    [ -z "${BACKUP_REPORT:-}" ] || $BACKUP_REPORT "$@" || echo "The report was not taken." >&2
}
