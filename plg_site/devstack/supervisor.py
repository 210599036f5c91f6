"""Starts programs, keeps them running, and stops them (docs/decisions/0002-own-supervisor.md).

A program that ends unasked is started again after a pause that doubles from half a second to half a
minute. Each runs in a process group of its own, so that what it forked ends with it, and asks the
kernel to be signalled when the supervisor dies (`launcher.py`). The kernel counts the *thread* that
started a process as its parent: start programs from a thread that lives as long as the stack.

A program may be forked by another one of the supervisor's (`forker.py`), and is looked after alike.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plg_site.devstack.forker import CannotFork, Forker
from plg_site.devstack.log import Log
from plg_site.devstack.program import Program
from plg_site.devstack.running import Running, Spawned

LAUNCHER = Path(__file__).with_name("launcher.py")
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a program that ended is started again
GIVE_UP_AT_PAUSE = 4.0  # one that ended four times in a row will not get ready
STEADY_AFTER = 20.0  # seconds of running after which an end counts as the first
LOOK_EVERY = 0.1


class NotReady(Exception):
    """A program did not get ready in time; the message carries its last lines."""


@dataclass
class Process:
    """A program that the supervisor looks after. `wanted` is False while it is kept down."""

    program: Program
    running: Running | None = None
    wanted: bool = True
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = FIRST_PAUSE
    reader: threading.Thread | None = field(default=None, repr=False)
    forker: Forker | None = None  # of a program that forks others

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.running.pid if self.running else None


class Supervisor:
    """Looks after programs in the order in which they were started."""

    def __init__(self, log: Log, *, keep_open: int = -1) -> None:
        self.log = log
        self._keep_open = (keep_open,) if keep_open >= 0 else ()
        self._processes: dict[str, Process] = {}
        self._lock = threading.RLock()
        self._stopping, self._stopped = threading.Event(), threading.Event()
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
        if self._parent_of(process.program):
            self.wait_until_ready(process.program.parent)
        limit = process.program.ready_within if within is None else within
        began = time.monotonic()
        while not self._is_ready(process):
            waited = time.monotonic() - began
            if waited > limit or process.pause > GIVE_UP_AT_PAUSE:
                said = "\n".join(f"    {line}" for line in self.log.recent(name)[-20:])
                raise NotReady(
                    f"{name} was not ready after {waited:.0f} s. Its last lines:\n{said}"
                )
            time.sleep(0.05)

    def _is_ready(self, process: Process) -> bool:
        if process.forker and not process.forker.is_ready:
            return False
        return process.pid is not None and process.program.ready()

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
            running, process.wanted = process.running, not stay_down
            process.pause = FIRST_PAUSE  # it was told to: no sign that it cannot run
            if running:
                running.signal(number)
        deadline = time.monotonic() + process.program.stop_within
        while running and process.running is running and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop everything, the highest layer first; what does not end in time is killed."""
        with self._lock:
            self._stopping.set()
        for layer in sorted({p.program.layer for p in self._processes.values()}, reverse=True):
            self._stop([p for p in self._processes.values() if p.program.layer == layer])
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join()
        self._processes.clear()

    def run(self, name: str, command: Sequence[str], *, env: Mapping[str, str], within: float,
            each_line: Callable[[str], None] = lambda line: None, parent: str = "") -> int:  # fmt: skip
        """Run a command with its output in the log; gives its exit code, 124 when too slow."""
        process = self.begin(name, command, env=env, each_line=each_line, parent=parent)
        running = process.running
        assert running is not None  # noqa: S101
        give_up_at = time.monotonic() + within
        try:
            while not running.has_ended():
                if time.monotonic() > give_up_at:
                    self.log.write(name, f"stopped: it took longer than {within:.0f} s")
                    return 124
                time.sleep(0.02)
        finally:
            self.end([process])
        return running.bury()

    def begin(self, name: str, command: Sequence[str], *, env: Mapping[str, str],
              each_line: Callable[[str], None] = lambda line: None,
              stop_signal: int = signal.SIGTERM, stop_within: float = 5,
              parent: str = "") -> Process:  # fmt: skip
        """Run a command with its output in the log, and let it run until its `end`.

        `parent`: who forks it, if there is one. Raises NotReady when that one does not come up.
        """
        program = Program(
            name, command, env, stop_signal=stop_signal, stop_within=stop_within, parent=parent
        )
        process = Process(program)
        while process.running is None:
            if self._parent_of(program):
                self.wait_until_ready(parent)
            self._spawn(process, each_line)
        return process

    def end(self, processes: Sequence[Process]) -> None:
        """Stop what `begin` began, all at once; of one that has ended, read what it said last."""
        self._stop(processes)

    def _spawn(
        self, process: Process, each_line: Callable[[str], None] = lambda line: None
    ) -> None:
        """Start it, unless it is forked and its parent is not ready: then the watcher tries again."""
        program = process.program
        if forker := self._parent_of(program):
            if not forker.is_ready:
                return
            try:
                running: Running = forker.fork(program)
            except CannotFork as error:
                self.log.write(program.name, str(error))
                process.start_at = time.monotonic() + FIRST_PAUSE
                return
        else:
            running = self._launch(process)
        process.running = running
        process.started_at = time.monotonic()
        process.reader = threading.Thread(
            target=self._read, args=(running, program, each_line), daemon=True
        )
        process.reader.start()

    def _parent_of(self, program: Program) -> Forker | None:
        """Who forks it: the program that it names, when that is looked after and suits it."""
        parent = self._processes.get(program.parent)
        if parent is None or parent.forker is None or not parent.forker.suits(program):
            return None
        return parent.forker

    def _launch(self, process: Process) -> Running:
        program, command, kept = process.program, [*process.program.command], self._keep_open
        if program.forks:
            ours, theirs = socket.socketpair()
            process.forker = Forker(program.env, ours)
            command, kept = [*command, str(theirs.fileno())], (*kept, theirs.fileno())
        popen = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()),
             str(int(program.stop_signal)), program.user, "--", *command],
            env=dict(program.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, pass_fds=kept,
        )  # fmt: skip
        if program.forks:
            theirs.close()
        return Spawned(popen)

    def _read(self, running: Running, program: Program, each_line: Callable[[str], None]) -> None:
        with running.lines as lines:
            for raw in lines:
                line = raw.decode("utf-8", "replace").rstrip()
                if line:
                    quiet = bool(program.quiet and program.quiet.search(line))
                    self.log.write(program.name, line, quiet=quiet)
                    each_line(line)

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            with self._lock:
                if self._stopping.is_set():
                    break
                for process in self._processes.values():
                    self._look_after(process)
        self._stopped.wait()  # the kernel takes this thread for the parent of what it has started

    def _look_after(self, process: Process) -> None:
        now = time.monotonic()
        if process.running and process.running.has_ended():
            code = _bury(process, process.running)
            process.running = None
            if not process.wanted:
                return
            if now - process.started_at > STEADY_AFTER:
                process.pause = FIRST_PAUSE
            process.start_at = now + process.pause
            self.log.write(
                process.program.name, f"ended ({_how(code)}); starts again in {process.pause:g} s"
            )
            process.pause = min(process.pause * 2, LONGEST_PAUSE)
        elif process.running is None and process.wanted and now >= process.start_at:
            self._spawn(process)

    def _stop(self, processes: Sequence[Process]) -> None:
        """Ask all of them to stop, then wait for each."""
        ending: list[tuple[Process, Running]] = []
        for process in processes:
            with self._lock:
                process.wanted = False
                running, process.running = process.running, None
            if running and not running.has_ended():
                running.signal(process.program.stop_signal)
            if running:
                ending.append((process, running))
        asked_at = time.monotonic()
        for process, running in ending:
            while (
                not running.has_ended()
                and time.monotonic() - asked_at < process.program.stop_within
            ):
                time.sleep(0.02)
            _bury(process, running)
            if process.reader:
                process.reader.join(1)


def _bury(process: Process, running: Running) -> int:
    code = running.bury()
    if process.forker:
        process.forker.close()
    return code


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
