"""gunicorn's configuration for tests of the drain: what deploy/gunicorn.conf.py does, without the project."""

import os
import socket
import time
from pathlib import Path

from plg_site.patience import draining
from plg_site.web import probes

worker_class = "plg_site.patience.worker.PatientWorker"
bind = f"127.0.0.1:{os.environ['PORT']}"
workers, threads = 2, 2
control_socket_disable = True


def on_starting(server: object) -> None:
    with socket.socket() as caller:  # where deploy/gunicorn.conf.py loads the project
        is_shut = caller.connect_ex(("127.0.0.1", int(os.environ["PORT"]))) != 0
    Path(os.environ["SAID"]).write_text("shut" if is_shut else "open")
    draining.prepare(server, seconds=int(os.environ["DRAIN_SECONDS"]))


def post_fork(server: object, worker: object) -> None:
    if getattr(worker, "age", 0) == 2:  # the second one takes its time
        time.sleep(int(os.environ["STARTING"]))


def post_worker_init(worker: object) -> None:
    probes.begin()
    (Path(os.environ["BOOTED"]) / str(os.getpid())).touch()
