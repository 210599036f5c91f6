"""The folder of one stack: its locks, secrets and remembered ports.

Two locks keep one state to one supervisor:

- `supervisor.lock` is held by the supervisor alone: a second `bin/dev` on the folder is refused.
- `children.lock` is inherited by every process that the supervisor starts, and is free only when
  the last of them has ended. So the kernel is asked whether anything of an earlier run is alive,
  and never a pid in a file, which may by now belong to somebody else.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from plg_site.devstack import ports

EARLIER_RUN_SECONDS = 30.0  # for processes of a killed run to end by themselves
KILL_EARLIER_RUN_AFTER = 10.0


class StateNotUsable(Exception):
    """Another stack, or what is left of one, has the folder; or it is damaged."""


class State:
    """A state folder. `open` takes its locks; `close` gives them back."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._supervisor_lock = -1
        self.children_lock = -1

    @property
    def log_path(self) -> Path:
        return self.path / "log" / "dev.log"

    def open(self, *, say: Callable[[str], None] = lambda text: None) -> None:
        """Make the folder and take it for this process. Raises StateNotUsable."""
        self.path.mkdir(parents=True, exist_ok=True)
        own = _lock_file(self.path / "supervisor.lock")
        if not _try_lock(own):
            holder = os.pread(own, 32, 0).decode().strip()
            os.close(own)
            raise StateNotUsable(
                f"{self.path} is in use by another stack (process {holder or 'unknown'}). "
                "Stop that one, or choose another folder and port: --state DIR --port N"
            )
        os.ftruncate(own, 0)
        os.pwrite(own, f"{os.getpid()}\n".encode(), 0)
        self._supervisor_lock = own
        try:
            self.children_lock = _lock_after_earlier_run(self.path / "children.lock", say)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for descriptor in (self._supervisor_lock, self.children_lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._supervisor_lock = self.children_lock = -1

    def remove(self) -> None:
        """Delete the folder and what it keeps under /var/tmp. Close it first."""
        shutil.rmtree(self.outside, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def keep_environment(self, env: Mapping[str, str]) -> None:
        """For commands beside the running stack (mode 0600: it holds secrets)."""
        _write(self._environment, env, mode=0o600)

    def forget_environment(self) -> None:
        self._environment.unlink(missing_ok=True)

    def environment_of_running(self) -> dict[str, str] | None:
        """That of the stack which holds this folder now; None when there is none."""
        lock = self.path / "supervisor.lock"
        if not lock.is_file():
            return None
        descriptor = _lock_file(lock)
        try:
            if _try_lock(descriptor):
                return None  # nobody holds it, so what stands in the file is of a killed run
        finally:
            os.close(descriptor)
        return {name: str(value) for name, value in _read(self._environment).items()} or None

    @property
    def _environment(self) -> Path:
        return self.path / "environment"

    @property
    def outside(self) -> Path:
        """Where this state's data goes when an unprivileged user cannot reach the folder itself."""
        return outside_folder(self.path)

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """A secret made up once and kept in `secrets` (mode 0600)."""
        return str(_remember(self.path / "secrets", name, make, mode=0o600))

    def port(self, name: str) -> int:
        """A free port on loopback, the same as last time when it is still free."""
        known = _read(self.path / "ports").get(name)
        if isinstance(known, int) and ports.is_free(known):
            return known
        taken = {value for value in _read(self.path / "ports").values() if isinstance(value, int)}
        _write(self.path / "ports", {name: ports.find_free(avoid=taken)}, mode=0o644)
        return self.port(name)


def outside_folder(path: Path) -> Path:
    """A stand-in for a folder that only its owner can enter, named by a hash of its path."""
    shared = Path("/var/tmp")  # noqa: S108  survives a reboot; postgres.py checks who owns it
    short_hash = hashlib.sha256(str(path).encode()).hexdigest()[:10]
    return (shared if shared.is_dir() else Path(tempfile.gettempdir())) / f"plg-{short_hash}"


def _read(file: Path) -> dict[str, object]:
    try:
        return dict(json.loads(file.read_text()))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise ValueError(
            f"{file} is damaged; restore it, or delete the folder to start afresh"
        ) from None


def _remember(file: Path, name: str, make: Callable[[], object], *, mode: int) -> object:
    known = _read(file)
    if name not in known:
        known[name] = make()
        _write(file, {name: known[name]}, mode=mode)
    return known[name]


def _write(file: Path, values: Mapping[str, object], *, mode: int) -> None:
    """Set names of a JSON file; a crash leaves the old file or the new one, never half of it."""
    new = file.with_name(f".{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(descriptor, "w") as stream:
        json.dump({**_read(file), **values}, stream, indent=1, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def _lock_file(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_after_earlier_run(path: Path, say: Callable[[str], None]) -> int:
    """Wait until no process of an earlier run is left, then lock for those of this one."""
    descriptor = _lock_file(path)
    began = time.monotonic()
    if not _try_lock(descriptor):
        say("waiting for processes of an earlier run to end")
    while not _try_lock(descriptor):
        waited = time.monotonic() - began
        if waited > EARLIER_RUN_SECONDS:
            pids = ", ".join(map(str, _holders(path))) or "unknown"
            os.close(descriptor)
            raise StateNotUsable(
                f"Processes of an earlier run on {path.parent} do not end: {pids}."
            )
        if waited > KILL_EARLIER_RUN_AFTER:
            for pid in _holders(path):
                _signal(pid, signal.SIGKILL)
        time.sleep(0.1)
    return descriptor


def _holders(path: Path) -> list[int]:
    """Processes that have this very file open (Linux; elsewhere none is found)."""
    wanted = path.stat()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != os.getpid() and _has_open(process, wanted):
            found.append(int(process.name))
    return found


def _has_open(process: Path, wanted: os.stat_result) -> bool:
    try:
        links = list((process / "fd").iterdir())
    except OSError:  # it has ended, or is somebody else's
        return False
    for link in links:
        try:
            about = link.stat()
        except OSError:
            continue
        if (about.st_dev, about.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
