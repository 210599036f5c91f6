#!/bin/sh
# Finds a Python that can make a virtual environment and hands over to bootstrap.py.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

find_python() { # $1: what it must be able to import
    for name in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11 python3.14; do
        if "$name" -c "import sys, $1; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

# Debian packages ensurepip apart (python3-venv); bootstrap.py knows ways round and says what to do.
python=$(find_python ensurepip || find_python venv || find_python os) || {
    echo "Python 3.11 or newer is needed; none is on PATH. Set PYTHON=/path/to/python3 if it is elsewhere." >&2
    exit 1
}
exec "$python" "$here/bootstrap.py" "$@"
