"""Work of billing in a child that is killed at one of its named steps."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from types import ModuleType

from django.db import connection, connections

from billing import webhook_urls
from billing.subscriptions import subscription
from billing.subscriptions.changing import making, scheduling
from billing.webhooks import handling
from tests.forked import killed_in


def _stand_alone() -> None:
    """In a child: connect without the pool, whose threads would begin in the copy of a process that had
    threads of its own, and may wait for a lock that one of them held."""
    connection.settings_dict["OPTIONS"]["pool"] = None


_NAMING_STEPS = (handling, making, scheduling, subscription, webhook_urls)


def is_killed_around(
    module: ModuleType, name: str, work: Callable[[], object], *, after: bool
) -> bool:
    """Do it in a child that is killed when it comes to this function of a module, or (`after`) once that has
    returned. False: it never came there, and did all of it."""
    connections.close_all()
    connection.close_pool()
    pid = os.fork()
    if pid == 0:
        step = getattr(module, name)

        def killed(*args: object, **named: object) -> object:
            if after:
                step(*args, **named)
            os.kill(os.getpid(), signal.SIGKILL)
            return None

        try:
            _stand_alone()
            setattr(module, name, killed)
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    was_killed = os.WIFSIGNALED(status)
    assert was_killed or os.WEXITSTATUS(status) == 0, "it failed: what it printed says why"
    return was_killed


def killed_at(name: str, work: Callable[[], object]) -> None:
    """Do it in a child that is killed at this step."""

    def at(step: str) -> None:
        if step == name:
            os.kill(os.getpid(), signal.SIGKILL)

    def in_child() -> None:
        _stand_alone()
        for module in _NAMING_STEPS:
            module.step = at  # type: ignore[attr-defined]
        work()

    connections.close_all()  # the child has its own
    connection.close_pool()
    killed_in(in_child)
