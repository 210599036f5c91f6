"""Work of billing in a child that is killed at one of its named steps."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from django.db import connection, connections

from billing import webhook_urls
from billing.subscriptions import subscription
from billing.subscriptions.changing import making, scheduling
from billing.webhooks import handling
from tests.forked import killed_in

_NAMING_STEPS = (handling, making, scheduling, subscription, webhook_urls)


def killed_at(name: str, work: Callable[[], object]) -> None:
    """Do it in a child that is killed at this step."""

    def at(step: str) -> None:
        if step == name:
            os.kill(os.getpid(), signal.SIGKILL)

    def in_child() -> None:
        for module in _NAMING_STEPS:
            module.step = at  # type: ignore[attr-defined]
        work()

    connections.close_all()  # the child has its own
    connection.close_pool()
    killed_in(in_child)
