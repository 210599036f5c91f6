"""gunicorn's configuration for tests of the drain: what deploy/gunicorn.conf.py does, without the project."""

import os

from plg_site.patience import draining
from plg_site.web import probes

worker_class = "plg_site.patience.worker.PatientWorker"
bind = f"127.0.0.1:{os.environ['PORT']}"
workers, threads = 2, 2
control_socket_disable = True


def on_starting(server: object) -> None:
    draining.prepare(server, seconds=int(os.environ["DRAIN_SECONDS"]))


def post_worker_init(worker: object) -> None:
    probes.begin()
