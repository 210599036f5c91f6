"""A process that runs, whether it was started as a program of its own or forked by another one."""

import contextlib
import os
import signal
import subprocess
from typing import IO, Protocol

CAN_LOOK = hasattr(os, "waitid")  # not on macOS before Python 3.13


class Running(Protocol):
    """The leader of a process group of its own. One that has ended keeps its number until `bury`."""

    @property
    def pid(self) -> int: ...

    @property
    def lines(self) -> IO[bytes]:
        """What it, and what it forked, prints."""
        ...

    @property
    def returncode(self) -> int | None:
        """Known after `bury`; negative: the signal that ended it."""
        ...

    def has_ended(self) -> bool: ...

    def signal(self, number: int) -> None: ...

    def bury(self) -> int:
        """Kill the rest of its group, and give its exit code."""
        ...


class Spawned:
    """A program of its own: a child of this process."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        assert popen.stdout is not None  # noqa: S101
        self._popen, self.lines = popen, popen.stdout

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        return self._popen.returncode

    def has_ended(self) -> bool:
        """True for a zombie: nobody has asked how it ended, so its number cannot be another's."""
        if self._popen.returncode is None and CAN_LOOK:
            return ended_with(self.pid) is not None
        return self._popen.poll() is not None

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def bury(self) -> int:
        if self._popen.returncode is None or not CAN_LOOK:
            kill_group(self.pid)
        return self._popen.wait()


def ended_with(pid: int) -> int | None:
    """The exit code of a child that has ended; None while it runs.

    It stays a zombie, so that its number stays its own; where nobody can look without burying, not.
    """
    if hasattr(os, "waitid"):
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
    buried, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if buried else None


def kill_group(pid: int) -> None:
    """What a process forked, in its group; its number must still be its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for zombies
        os.killpg(pid, signal.SIGKILL)
