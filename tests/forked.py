"""Work in a child of the test run that is to be killed in it."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable


def killed_in(work: Callable[[], object]) -> None:
    """Do it in a child, which must come to an end by SIGKILL.

    Whatever else happens there, the child ends: it is a copy of the test run, and would go on with it.
    """
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "it was not killed: what it printed says what happened"
    assert os.WTERMSIG(status) == signal.SIGKILL
