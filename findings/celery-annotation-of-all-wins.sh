#!/usr/bin/env bash
# Celery 5.7.0, setting `task_annotations`: what is said of all tasks ("*") is applied after what is said of one by its
# name, and overwrites it; in one map as in a list of maps, whichever comes first. So a limit for all with an exception
# for one task has no exception, and nothing warns. (A default that yields is the setting of its own, such as
# `task_time_limit`: there the task's annotation wins.) `task_routes` with the same names is the other way round: there
# the first match wins.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check celery==5.7.0
cat >"$folder/annotations.py" <<'PYTHON'
import sys

from celery import Celery

LONG, ALL = {"shop.export": {"time_limit": 3600}}, {"*": {"time_limit": 60}}


def limit(**settings):
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.update(**settings)

    @app.task(name="shop.export", shared=False)
    def export():
        pass

    app.finalize()
    task = app.tasks["shop.export"]
    return task.time_limit or app.conf.task_time_limit


found = {
    "one map": limit(task_annotations={**LONG, **ALL}),
    "a list, all first": limit(task_annotations=[ALL, LONG]),
    "a list, all last": limit(task_annotations=[LONG, ALL]),
    "task_time_limit for all": limit(task_annotations=LONG, task_time_limit=60),
}
for how, seconds in found.items():
    print(f"{how}: {seconds} s")
sys.exit(0 if list(found.values()) == [60, 60, 60, 3600] else 1)
PYTHON
"$folder/venv/bin/python" "$folder/annotations.py"
echo "as described"
