"""Starts programs, keeps them running, and stops them (docs/decisions/0002-own-supervisor.md).

A program that ends unasked is started again after a pause that doubles from half a second to half a
minute. Each runs in a process group of its own, so that what it forked ends with it, and asks the
kernel to be signalled when the supervisor dies (`launcher.py`). The kernel counts the *thread* that
started a process as its parent: start programs from a thread that lives as long as the stack.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plg_site.devstack.log import Log

LAUNCHER = Path(__file__).with_name("launcher.py")
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a program that ended is started again
GIVE_UP_AT_PAUSE = 4.0  # one that ended four times in a row will not get ready
STEADY_AFTER = 20.0  # seconds of running after which an end counts as the first
LOOK_EVERY = 0.1


class NotReady(Exception):
    """A program did not get ready in time; the message carries its last lines."""


@dataclass(frozen=True)
class Program:
    """What to run, how to know that it is ready, and how to stop it."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool] = lambda: True
    ready_within: float = 60.0
    stop_signal: int = signal.SIGTERM
    stop_within: float = 8.0
    layer: int = 0  # programs of a layer stop together, the highest layer first
    user: str = ""  # run as this user (only root can)
    quiet: re.Pattern[str] | None = None  # lines that go to the log file only


@dataclass
class Process:
    """A program that the supervisor looks after. `wanted` is False while it is kept down."""

    program: Program
    popen: subprocess.Popen[bytes] | None = None
    wanted: bool = True
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = FIRST_PAUSE
    reader: threading.Thread | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.popen.pid if self.popen else None


class Supervisor:
    """Looks after programs in the order in which they were started."""

    def __init__(self, log: Log, *, keep_open: int = -1) -> None:
        self.log = log
        self._keep_open = (keep_open,) if keep_open >= 0 else ()
        self._processes: dict[str, Process] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self, program: Program) -> None:
        """Run a program from now on; `wait_until_ready` tells when it can be used."""
        with self._lock:
            self._processes[program.name] = process = Process(program)
            self._spawn(process)
        if not self._watcher.is_alive():
            self._watcher.start()

    def process(self, name: str) -> Process:
        return self._processes[name]

    def wait_until_ready(self, name: str, *, within: float | None = None) -> None:
        """Raises NotReady with the program's last lines."""
        process = self._processes[name]
        limit = process.program.ready_within if within is None else within
        began = time.monotonic()
        while not (process.pid and process.program.ready()):
            waited = time.monotonic() - began
            if waited > limit or process.pause > GIVE_UP_AT_PAUSE:
                said = "\n".join(f"    {line}" for line in self.log.recent(name)[-20:])
                raise NotReady(
                    f"{name} was not ready after {waited:.0f} s. Its last lines:\n{said}"
                )
            time.sleep(0.05)

    def restart(self, name: str) -> None:
        """Stop a program and start it again at once; also brings back one that was kept down."""
        self._stop([self._processes[name]])
        self.start_again([name])

    def stop_layer(self, layer: int) -> list[str]:
        """Stop the programs of a layer, all at once; they stay down until `start_again`."""
        found = [each for each in self._processes.values() if each.program.layer == layer]
        self._stop(found)
        return [each.program.name for each in found]

    def start_again(self, names: Sequence[str]) -> None:
        """Start what was stopped; how often it had ended before is forgotten."""
        with self._lock:
            for process in map(self.process, names):
                process.wanted, process.pause = True, FIRST_PAUSE
                self._spawn(process)

    def kill(self, name: str, number: int = signal.SIGKILL, *, stay_down: bool = False) -> None:
        """Signal a program and wait for its end; it starts again unless it shall stay down."""
        process = self._processes[name]
        with self._lock:
            popen, process.wanted = process.popen, not stay_down
            process.pause = FIRST_PAUSE  # it was told to: no sign that it cannot run
            if popen:
                os.kill(popen.pid, number)
        deadline = time.monotonic() + process.program.stop_within
        while popen and process.popen is popen and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop everything, the highest layer first; what does not end in time is killed."""
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for layer in sorted({p.program.layer for p in self._processes.values()}, reverse=True):
            self._stop([p for p in self._processes.values() if p.program.layer == layer])
        self._processes.clear()

    def run(self, name: str, command: Sequence[str], *, env: Mapping[str, str], within: float,
            each_line: Callable[[str], None] = lambda line: None) -> int:  # fmt: skip
        """Run a command with its output in the log; gives its exit code, 124 when too slow."""
        process = self.begin(name, command, env=env, each_line=each_line)
        popen = process.popen
        assert popen is not None  # noqa: S101
        try:
            popen.wait(within)
        except subprocess.TimeoutExpired:
            self.log.write(name, f"stopped: it took longer than {within:.0f} s")
            return 124
        finally:
            self.end([process])
        return popen.returncode

    def begin(self, name: str, command: Sequence[str], *, env: Mapping[str, str],
              each_line: Callable[[str], None] = lambda line: None,
              stop_signal: int = signal.SIGTERM, stop_within: float = 5) -> Process:  # fmt: skip
        """Run a command with its output in the log, and let it run until its `end`."""
        process = Process(
            Program(name, command, env, stop_signal=stop_signal, stop_within=stop_within)
        )
        self._spawn(process, each_line)
        return process

    def end(self, processes: Sequence[Process]) -> None:
        """Stop what `begin` began, all at once; of one that has ended, read what it said last."""
        self._stop(processes)

    def _spawn(
        self, process: Process, each_line: Callable[[str], None] = lambda line: None
    ) -> None:
        program = process.program
        process.popen = popen = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()),
             str(int(program.stop_signal)), program.user, "--", *program.command],
            env=dict(program.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, pass_fds=self._keep_open,
        )  # fmt: skip
        process.started_at = time.monotonic()
        process.reader = threading.Thread(
            target=self._read, args=(popen, program, each_line), daemon=True
        )
        process.reader.start()

    def _read(
        self, popen: subprocess.Popen[bytes], program: Program, each_line: Callable[[str], None]
    ) -> None:
        assert popen.stdout is not None  # noqa: S101
        with popen.stdout as lines:
            for raw in lines:
                line = raw.decode("utf-8", "replace").rstrip()
                if line:
                    quiet = bool(program.quiet and program.quiet.search(line))
                    self.log.write(program.name, line, quiet=quiet)
                    each_line(line)

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            with self._lock:
                for process in self._processes.values():
                    self._look_after(process)

    def _look_after(self, process: Process) -> None:
        now = time.monotonic()
        if process.popen and has_ended(process.popen):
            code = _bury(process.popen)
            process.popen = None
            if not process.wanted:
                return
            if now - process.started_at > STEADY_AFTER:
                process.pause = FIRST_PAUSE
            process.start_at = now + process.pause
            self.log.write(
                process.program.name, f"ended ({_how(code)}); starts again in {process.pause:g} s"
            )
            process.pause = min(process.pause * 2, LONGEST_PAUSE)
        elif process.popen is None and process.wanted and now >= process.start_at:
            self._spawn(process)

    def _stop(self, processes: Sequence[Process]) -> None:
        """Ask all of them to stop, then wait for each."""
        ending: list[tuple[Process, subprocess.Popen[bytes]]] = []
        for process in processes:
            with self._lock:
                process.wanted = False
                popen, process.popen = process.popen, None
            if popen and not has_ended(popen):
                os.kill(popen.pid, process.program.stop_signal)
            if popen:
                ending.append((process, popen))
        asked_at = time.monotonic()
        for process, popen in ending:
            while (
                not has_ended(popen) and time.monotonic() - asked_at < process.program.stop_within
            ):
                time.sleep(0.02)
            _bury(popen)
            if process.reader:
                process.reader.join(1)


def has_ended(popen: subprocess.Popen[bytes]) -> bool:
    """True for a process that has ended, which stays a zombie, so that its pid cannot be reused."""
    if popen.returncode is not None:
        return True
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return _has_ended_and_was_asked(popen)
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, popen.pid, flags) is not None


def _has_ended_and_was_asked(popen: subprocess.Popen[bytes]) -> bool:
    """The same where asking takes the zombie away. Its number is still that of its group while anybody
    is in there, and so at once the moment to end them; `_bury` is too late for it."""
    if popen.poll() is None:
        return False
    _kill_group(popen.pid)
    return True


def _bury(popen: subprocess.Popen[bytes]) -> int:
    """Kill the rest of the process group while its number is ours, then give the exit code."""
    if popen.returncode is None:
        _kill_group(popen.pid)
    return popen.wait()


def _kill_group(number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for zombies
        os.killpg(number, signal.SIGKILL)


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
