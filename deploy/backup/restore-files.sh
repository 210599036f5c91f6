#!/bin/sh
# Puts files back into FOLDER, also what has been deleted since; what is there stays as it is.
#
#   restore-files.sh NAME FOLDER     FOLDER is called as it was (uploads, media, archive)
. "$(dirname "$0")/common.sh"
place "${1:-}"

folder=${2:?Say into which folder}
label=$(basename "$folder")
[ -d "$here/now/$label" ] || fail "There is no copy of $label in $here."
mkdir -p "$folder"
for from in "$here/now/$label" "$here"/gone/*/"$label"; do
    [ ! -d "$from" ] || cp -a -n "$from/." "$folder/" || fail "$from could not be copied."
done
