"""Several commands at a time, so that no core waits for another; what each one says stays together."""

import contextlib
import resource
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from plg_site.devstack.supervisor import Process, Supervisor

LOOK_EVERY = 0.1  # seconds


@dataclass(frozen=True)
class Command:
    """What to run, and after how many seconds it is stopped: then its exit code is 124.

    It is stopped by a signal, and has some seconds to say its last words.
    """

    name: str
    words: Sequence[str]
    env: Mapping[str, str]
    within: float
    stop_signal: int = signal.SIGTERM
    stop_within: float = 5.0


@dataclass
class Run:
    """A command that runs or has run, and every line that it has said."""

    command: Command
    lines: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    code: int | None = None
    processor: float = 0.0  # seconds of all that it started and waited for, once it has ended

    @property
    def seconds(self) -> float:
        """Since it began; the whole time once it has ended."""
        return self._took if self.code is not None else time.monotonic() - self.began

    def ended(self, code: int) -> None:
        self._took = time.monotonic() - self.began
        self.code = code


def run(
    supervisor: Supervisor,
    commands: Sequence[Command],
    *,
    at_once: int,
    meanwhile: Callable[[Sequence[Run]], None] = lambda running: None,
) -> Generator[Run, None, None]:
    """Start them in their order, `at_once` at a time, and give each when it has ended.

    `meanwhile` is told again and again what runs. Close the iterator (`contextlib.closing`): what
    still runs ends with it.
    """
    waiting, running = deque(commands), dict[str, tuple[Run, Process]]()
    with contextlib.ExitStack() as always:
        always.callback(lambda: supervisor.end([process for _, process in running.values()]))
        while waiting or running:
            while waiting and len(running) < at_once:
                new = Run(waiting.popleft())
                running[new.command.name] = new, _begin(supervisor, new)
            for name, (one, process) in list(running.items()):
                if (code := _code(supervisor, one, process)) is not None:
                    del running[name]
                    one.ended(code)
                    yield one
            meanwhile([one for one, _ in running.values()])
            time.sleep(LOOK_EVERY)


def processor_seconds() -> float:
    """What all children of this process have used that have ended, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _begin(supervisor: Supervisor, new: Run) -> Process:
    command = new.command
    return supervisor.begin(
        command.name, command.words, env=command.env, each_line=new.lines.append,
        stop_signal=command.stop_signal, stop_within=command.stop_within,
    )  # fmt: skip


def _code(supervisor: Supervisor, one: Run, process: Process) -> int | None:
    """The exit code of what has ended or was stopped for its time, None of what goes on."""
    running = process.running
    assert running is not None  # noqa: S101
    too_slow = one.seconds > one.command.within
    if not too_slow and not running.has_ended():
        return None
    before = processor_seconds()
    supervisor.end([process])
    one.processor = processor_seconds() - before
    if too_slow:
        one.lines.append(f"stopped: it took longer than {one.command.within:.0f} s")
        return 124
    return running.returncode
