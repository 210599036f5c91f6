"""A process that has the project loaded, and becomes any program of it by a fork.

    python -m plg_site.devstack.forking MODULE SOCKET

MODULE has a function `load`; the supervisor's forker.py is at the other end of the socket.

What the project's processes have in common is in memory once, and a program of it starts in a
moment. Each has its own process group, output and environment, as if it had been started alone
(docs/decisions/0027-one-parent-that-forks.md).
"""

import contextlib
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from importlib import import_module

from plg_site.devstack.running import ended_with

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # prctl(2)
OUTPUTS = (1, 2)


@dataclass(frozen=True)
class Order:
    """A program to become: `command` like ["python", "-m", "gunicorn", …] or ["python", "manage.py", …]."""

    name: str
    command: list[str]
    env: dict[str, str]
    stop_signal: int


class Parent:
    """Forks at the supervisor's word, and says when one of the forked has ended."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._living = dict[int, int]()  # process ids, and how each is told to stop
        self._pid = os.getpid()

    def serve(self) -> Order | None:
        """In a child: what to become. None: the supervisor is gone, and so must be this."""
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._say({"ready": True})
        heard, outputs = b"", list[int]()
        while True:
            ready, _, _ = select.select([self._channel, woken], [], [])
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
                self._tell_of_the_ended()
            if self._channel not in ready:
                continue
            data, descriptors, _, _ = socket.recv_fds(self._channel, 65536, 8)
            outputs += descriptors
            if not data:
                self._tell_all_to_stop()
                return None
            *lines, heard = (heard + data).split(b"\n")
            for line in lines:
                message = json.loads(line)
                if "bury" in message:
                    self._bury(message["bury"])
                elif order := self._fork(Order(**message["fork"]), outputs.pop(0)):
                    for each in (woken, wake, self._channel):
                        each.close()
                    return order

    def _fork(self, order: Order, output: int) -> Order | None:
        """The order in the child, None in the parent."""
        try:
            pid = os.fork()
        except OSError as error:
            self._say({"forked": str(error)})
            return None
        finally:
            if os.getpid() == self._pid:
                os.close(output)
        if pid:
            self._living[pid] = order.stop_signal
            self._say({"forked": pid})
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        _die_with(self._pid, order.stop_signal, name=order.name)
        for number in OUTPUTS:
            os.dup2(output, number)
        os.close(output)
        return order

    def _tell_all_to_stop(self) -> None:
        """Where the kernel does not: elsewhere than on Linux."""
        for pid, number in self._living.items():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _tell_of_the_ended(self) -> None:
        for pid in list(self._living):
            if (code := ended_with(pid)) is not None:
                del self._living[pid]
                self._say({"ended": pid, "code": code})

    def _bury(self, pid: int) -> None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        self._living.pop(pid, None)

    def _say(self, message: dict[str, object]) -> None:
        self._channel.sendall(json.dumps(message).encode() + b"\n")


def become(order: Order) -> None:
    """Run the program as the interpreter would; it ends this process by returning or raising."""
    os.environ.clear()
    os.environ.update(order.env)
    _, first, *arguments = order.command
    if first == "-m":
        module, *arguments = arguments
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *arguments]
        runpy.run_path(first, run_name="__main__")


def _die_with(parent: int, number: int, *, name: str) -> None:
    """Be signalled when the parent ends; and be found by the name in `ps -o comm`."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was told
        sys.exit(1)


def main() -> None:
    module, descriptor = sys.argv[1:]
    channel = socket.socket(fileno=int(descriptor))
    channel.set_inheritable(False)
    gc.disable()
    import_module(module).load()
    if (threads := threading.enumerate()) != [threading.main_thread()]:
        sys.exit(f"Threads do not survive a fork, and there are: {threads}")
    gc.collect()
    gc.freeze()  # the collector of a forked process does not touch, and so copy, what is here
    order = Parent(channel).serve()
    if order is not None:
        gc.enable()
        become(order)


if __name__ == "__main__":
    main()
