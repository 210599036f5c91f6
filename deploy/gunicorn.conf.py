"""Gunicorn for the web process; `bin/dev` and a container use this file and other variables.

Threads, not async workers: Django under django-tenants keeps its schema in thread-local state.
"""

import gc
import os
from pathlib import Path

bind = os.environ.get("WEB_BIND") or "127.0.0.1:8000"  # of "" gunicorn would make all addresses
# Gunicorn's gthread, which gives a thread only to a request that has arrived.
worker_class = "plg_site.patience.worker.PatientWorker"
workers = int(os.environ.get("WEB_WORKERS", "2"))
# Most of a click is the wait until the stream is on disk: with 16, others compute meanwhile.
threads = int(os.environ.get("WEB_THREADS", "16"))

# Who is a proxy is said once, in TRUSTED_PROXIES; gunicorn itself believes no header of any.
forwarded_allow_ips = ""
timeout = 30
graceful_timeout = 3 if os.environ.get("WATCH_FILES") == "1" else 30
# Longer than anything in front keeps a connection that nobody uses (Varnish and nginx 60 s, Caddy and our
# load balancer at AWS 120 s): who closes first must not be who may be sent a form at that moment.
keepalive = 125
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  heartbeat files
control_socket_disable = True  # gunicorn 27 would write one into the home folder

loglevel = os.environ.get("WEB_LOG_LEVEL", "warning")
accesslog = None
logger_class = "plg_site.patience.log.OurLogger"  # lines of requests, in the format of all others


def on_starting(server: object) -> None:
    """Import the project before the port opens: who connects is answered, and not kept waiting. The
    workers are forked from what is loaded, so SIGHUP brings no new code: start anew for that."""
    from django.conf import settings

    from plg_site import preloading
    from plg_site.patience import draining

    preloading.load_web()
    gc.freeze()
    draining.prepare(server, seconds=settings.DRAIN_SECONDS)


def post_worker_init(worker: object) -> None:
    """Look where it listens, before anybody is answered; resolve addresses and compile templates
    before the first visitor, not during their request."""
    from plg_site.configuration import safety
    from plg_site.operating import busy_threads, warm_up
    from plg_site.patience import telling

    safety.refuse_open_sockets(each.getsockname() for each in worker.sockets)  # type: ignore[attr-defined]
    telling.begin()
    warm_up.run()
    busy_threads.tell(worker.tpool)  # type: ignore[attr-defined]
    # What was imported stays: the garbage collector need not look at it again and again.
    gc.freeze()
    gc.enable()


def worker_exit(server: object, worker: object) -> None:
    """Events that wait on this disk go where others find them: the disk may end with the machine."""
    from events import transport
    from plg_site import tracing

    transport.leave_spool()
    tracing.close()


gc.disable()  # until then: a fifth of the time to import the project goes into collecting nothing
