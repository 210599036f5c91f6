"""A web that is told to stop says so first, and goes on until nobody sends it anything any more.

On SIGTERM gunicorn closes its port at once; a load balancer learns of it later, and what it sends
meanwhile is lost. Here `/readyz` answers 503 from that moment, requests are answered for DRAIN_SECONDS
more, and only then gunicorn stops as it always does: what is in hand is finished. A second SIGTERM, SIGINT
and SIGQUIT do not wait.
"""

from __future__ import annotations

import signal
import threading
from typing import Any

from plg_site.web import probes


def prepare(arbiter: Any, *, seconds: int) -> None:
    """For gunicorn's `on_starting`, before there are workers."""
    probes.share()
    stop = arbiter.handle_term

    def drain() -> None:
        is_hurried = probes.is_leaving()
        probes.leave()
        if is_hurried or seconds <= 0:
            probes.stop()  # what gunicorn says to a worker that is being started is lost (its issue 1910)
            stop()  # raises StopIteration
        timer = threading.Timer(seconds, arbiter.signal, args=[signal.SIGTERM, None])
        timer.daemon = True
        timer.start()

    arbiter.handle_term = drain
