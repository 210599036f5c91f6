"""The supervisor's end of a program that forks others (forking.py is the program).

Both talk in lines of JSON over a pair of sockets. What is forked is nobody's child here: the program
says when one has ended, and buries it when it is told to, so that a number stays its process's own
until the supervisor has done with it. When the program itself ends, all that it forked is killed.
"""

import json
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Mapping
from typing import IO

from plg_site.devstack.program import Program
from plg_site.devstack.running import kill_group

ANSWERS_WITHIN = 20.0  # seconds, on a machine that is busy
# What a program reads when it runs, and not before it is forked: these may be its own.
READ_LATER = {"WEB_BIND", "CELERY_SKIP_CHECKS"}


class CannotFork(Exception):
    """The program that should fork has ended, does not answer, or the system has no room."""


class Forker:
    """One run of the program. Any thread may call."""

    def __init__(self, env: Mapping[str, str], ours: socket.socket) -> None:
        self._env = _read_before(env)
        self._socket = ours
        self._lock = threading.RLock()
        self._heard = b""
        self._forked = dict[int, Forked]()
        self._answer: dict[str, object] | None = None
        self._is_ready = False
        self.has_ended = False

    @property
    def is_ready(self) -> bool:
        """Whether it has said that it can fork."""
        self.listen()
        return self._is_ready and not self.has_ended

    def suits(self, program: Program) -> bool:
        """Whether what it has read from its environment is what the program would read."""
        return _read_before(program.env) == self._env

    def fork(self, program: Program) -> "Forked":
        """Raises CannotFork."""
        reading, writing = os.pipe()
        order = {
            "name": program.name,
            "command": list(program.command),
            "env": dict(program.env),
            "stop_signal": int(program.stop_signal),
        }
        try:
            with self._lock:
                pid = self._ask(order, writing)
                forked = self._forked[pid] = Forked(self, pid, os.fdopen(reading, "rb"))
                return forked
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)

    def listen(self, seconds: float = 0.0) -> None:
        """Take in what it has said by now, or says within so many seconds."""
        with self._lock:
            while not self.has_ended and select.select([self._socket], [], [], seconds)[0]:
                try:
                    heard = self._socket.recv(65536)
                except ConnectionError:
                    heard = b""
                if not heard:
                    self.close()
                *lines, self._heard = (self._heard + heard).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
                if lines:
                    return

    def close(self) -> None:
        """It has ended: what it forked ends with it."""
        with self._lock:
            if self.has_ended:
                return
            self.has_ended = True
            self._socket.close()
            for forked in self._forked.values():
                if forked.code is None:
                    kill_group(forked.pid)  # it lived a moment ago
                    forked.code = -signal.SIGKILL

    def bury(self, pid: int) -> None:
        with self._lock:
            self._forked.pop(pid, None)
            if not self.has_ended:
                self._send({"bury": pid})

    def _ask(self, order: dict[str, object], output: int) -> int:
        self._answer = None
        self._send({"fork": order}, output)
        give_up_at = time.monotonic() + ANSWERS_WITHIN
        while self._answer is None:
            if self.has_ended or time.monotonic() > give_up_at:
                raise CannotFork(f"{order['name']} could not be forked: nobody answers.")
            self.listen(1.0)
        answer: dict[str, object] = self._answer
        if not isinstance(pid := answer["forked"], int):
            raise CannotFork(f"{order['name']} could not be forked: {pid}")
        return pid

    def _send(self, message: dict[str, object], *descriptors: int) -> None:
        data = json.dumps(message).encode() + b"\n"
        try:
            sent = socket.send_fds(self._socket, [data], list(descriptors))
            self._socket.sendall(data[sent:])
        except OSError:
            self.close()

    def _take(self, message: dict[str, object]) -> None:
        match message:
            case {"ready": True}:
                self._is_ready = True
            case {"forked": _}:
                self._answer = message
            case {"ended": int(pid), "code": int(code)} if pid in self._forked:
                self._forked[pid].code = code


class Forked:
    """A process that the program has forked (running.Running)."""

    def __init__(self, forker: Forker, pid: int, lines: IO[bytes]) -> None:
        self._forker = forker
        self.pid, self.lines = pid, lines
        self.code: int | None = None  # as soon as it has ended
        self.returncode: int | None = None

    def has_ended(self) -> bool:
        self._forker.listen()
        return self.code is not None

    def signal(self, number: int) -> None:
        if not self.has_ended():
            os.kill(self.pid, number)

    def bury(self) -> int:
        if self.returncode is None:
            kill_group(self.pid)
            give_up_at = time.monotonic() + ANSWERS_WITHIN
            while not self.has_ended() and time.monotonic() < give_up_at:
                self._forker.listen(0.1)
            self._forker.bury(self.pid)
            self.returncode = -signal.SIGKILL if self.code is None else self.code
        return self.returncode


def _read_before(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name not in READ_LATER}
