#!/usr/bin/env bash
# ruff 0.17.6, one run of `check --fix` with import sorting (I) and unused imports (F401): a line that imports a
# name and a renamed one is split in two, its `noqa: F401` stays on the first, and the second import is then
# removed as unused within the same run, although the comment spared it before. A module imported for what
# happens on import (receivers of signals, registered tasks) is gone, and nothing is reported as left to do.
# Without import sorting the line stays as it is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ruff==0.17.6
cd "$folder"
line='from accounts import leaving, receivers as of_accounts  # noqa: F401'
for rules in F401 I,F401; do
    printf '%s\n' "$line" > wiring.py
    "$folder/venv/bin/ruff" check --isolated --quiet --select "$rules" --fix wiring.py
    echo "--select $rules leaves: $(cat wiring.py)"
    cp wiring.py "wiring-$rules.py"
done
[ "$(cat wiring-F401.py)" = "$line" ]
[ "$(cat wiring-I,F401.py)" = 'from accounts import leaving  # noqa: F401' ]
echo "as described"
