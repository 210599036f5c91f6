#!/bin/sh
# A copy of a folder of files (uploads, media, archived events), brought up to date: each hour.
#
#   files.sh NAME FOLDER...
#
# What is gone from a FOLDER moves to BACKUP_FOLDER/NAME/gone, by date, and stays until forget.sh: a
# database of yesterday may name it. Take the copy after the base backup, not before.
. "$(dirname "$0")/common.sh"
place "${1:-}"
shift
[ $# -gt 0 ] || fail "Say which folders."

gone=$here/gone/$(now)
for folder; do
    [ -d "$folder" ] || fail "$folder is no folder."
    label=$(basename "$folder")
    mkdir -p "$here/now/$label"
    # Once more where a file went while it was being copied.
    cp -a -u "$folder/." "$here/now/$label/" 2>/dev/null || cp -a -u "$folder/." "$here/now/$label/"
    (
        cd "$here/now/$label"
        FROM=$folder TO=$gone/$label find . -type f -exec sh -c '
            for file; do
                [ -e "$FROM/$file" ] && continue
                mkdir -p "$TO/$(dirname "$file")" && mv "$file" "$TO/$file" || exit 1
            done' sh {} +
    )
done
report files "$name" --bytes "$(size "$here/now")"
