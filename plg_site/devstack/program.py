"""What the supervisor looks after: a program, as it is described before it runs."""

import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


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
    forks: bool = False  # it forks others (forker.py)
    parent: str = ""  # forked by the program of this name, where that one runs and suits it
