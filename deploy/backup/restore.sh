#!/bin/sh
# Makes a data folder of what a server was at a moment. Nothing that runs is touched.
#
#   restore.sh NAME FOLDER [MOMENT]
#
# FOLDER must not exist. MOMENT is in UTC, like 2026-11-30T13:45:00Z; without it: as much as there is.
# Start PostgreSQL of the same major version on FOLDER, as the user who owns it; it reads WAL until
# that moment and then takes connections. WAL must stay where it is until it does.
. "$(dirname "$0")/common.sh"
place "${1:-}"

folder=${2:?Say into which folder}
moment=${3:-}
[ ! -e "$folder" ] || fail "$folder exists. A restore begins with a new folder."
case $moment in
'') latest=$(now) ;;
[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*Z)
    latest=$(echo "$moment" | sed 's/\.[0-9]*Z$/Z/' | tr -d ':-')
    ;;
*) fail "$moment is no moment in UTC, like 2026-11-30T13:45:00Z." ;;
esac
base=
for each in $(bases); do # the newest that was finished by then
    [ "$(printf '%s\n%s\n' "$each" "$latest" | sort | tail -n 1)" != "$latest" ] || base=$each
done
[ -n "$base" ] || fail "No base backup of $name was finished by then. There are: $(bases | tr '\n' ' ')"

cp -a "$here/base/$base" "$folder"
chmod 700 "$folder"
{
    echo "restore_command = 'test -f \"$here/wal/%f\" && cp \"$here/wal/%f\" \"%p\" || cp \"$here/wal/%f.partial\" \"%p\"'"
    echo "recovery_target_timeline = 'latest'"
    # As the server reads it before it knows any zone by name: 2026-11-30 13:45:00+00.
    [ -z "$moment" ] || echo "recovery_target_time = '$(echo "$moment" | sed 's/T/ /; s/Z$/+00/')'"
    [ -z "$moment" ] || echo "recovery_target_action = 'promote'"
    echo "archive_mode = 'off' # it must not write into the archive of the server that it was"
    echo "synchronous_standby_names = ''"
} >>"$folder/postgresql.auto.conf"
touch "$folder/recovery.signal"
echo "$folder: $base, and WAL until ${moment:-the end}. Start PostgreSQL on it."
