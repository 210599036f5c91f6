"""A Celery application whose tasks write down when they begin and end; a script for workers."""

import os
import time
from pathlib import Path

from celery import Celery

app = Celery("leased", broker=os.environ["REDIS_URL"], set_as_current=False)
app.conf.update(
    broker_transport="plg_site.operating.broker:Transport",
    broker_transport_options={
        "visibility_timeout": float(os.environ["LEASE_SECONDS"]),
        "unacked_restore_interval": 0.5,
        "unacked_restore_throttle": 1,
        "global_keyprefix": os.environ["LEASED_PREFIX"],
    },
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
)
_NOTES = Path(os.environ["LEASED_NOTES"])


@app.task(name="leased.work")
def work(name: str, seconds: float) -> None:
    _note("began", name)
    time.sleep(seconds)
    _note("ended", name)


def _note(what: str, name: str) -> None:
    with _NOTES.open("a") as notes:
        notes.write(f"{what} {name}\n")
