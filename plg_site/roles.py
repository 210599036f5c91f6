"""The processes of an installation, by role: `bin/run ROLE` becomes one of them.

One place for their command lines: `bin/dev` starts the same ones, and image, chart, units and task
definitions of deploy/ name nothing but a role. Needs no package, so that it can say what is missing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from plg_site import queues

ROOT = Path(__file__).resolve().parents[1]
Environ = Mapping[str, str]
Role = Callable[[Environ, Sequence[str]], list[str]]

# What holds where the environment says nothing.
DEFAULTS = {
    "DJANGO_SETTINGS_MODULE": "plg_site.settings",
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "2",  # glibc: not eight heaps a core for threads that mostly wait
}
NOT_SET_UP = 78  # EX_CONFIG of sysexits.h
_QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
_HELP = """\
usage: bin/run ROLE [ARGUMENT ...]

Becomes a process of this installation; its settings come from the environment (docs/settings.md).
What follows the role goes to its command.

{roles}
  worker [QUEUE ...]  takes tasks: of all queues ({queues}), or of these
"""


class Unknown(Exception):
    """There is no such role or queue. Says what there is."""


def command(role: str, arguments: Sequence[str] = (), *, env: Environ = os.environ) -> list[str]:
    """The command line of a role. Raises Unknown."""
    if role not in ROLES:
        raise Unknown(f"There is no role {role!r}. There are: {', '.join(ROLES)}.")
    return ROLES[role](env, arguments)


def _web(env: Environ, more: Sequence[str]) -> list[str]:
    """answers the website, workspaces and their API (WEB_BIND)"""
    settings = str(ROOT / "deploy" / "gunicorn.conf.py")
    return _python("-m", "gunicorn", "plg_site.wsgi", "-c", settings, *more)


def _worker(env: Environ, more: Sequence[str]) -> list[str]:
    """takes tasks"""
    asked = list(takewhile(lambda word: not word.startswith("-"), more))
    options = more[len(asked) :]
    if not {*asked} <= {*queues.ORDER}:
        raise Unknown(f"Queues are {', '.join(queues.ORDER)}, then options of Celery's worker.")
    prefix = env.get("CELERY_QUEUE") or "plg"
    # In the queues' own order, whatever that of the words; who does what is soon takes what waits in
    # the one queue of before, too.
    former = [prefix] if queues.SOON in asked else []
    names = [*former, *(queues.name(prefix, each) for each in queues.ORDER if each in asked)]
    return _python(
        "-m", "celery", "-A", "plg_site", "--quiet", "worker", "--pool", "prefork",
        "--concurrency", env.get("WORKER_CONCURRENCY") or "2", *_QUIET,
        *(["--queues", ",".join(names)] if asked else []), *options,
    )  # fmt: skip


def _beat(env: Environ, more: Sequence[str]) -> list[str]:
    """sends the periodic tasks when they are due; one of it"""
    state = Path(env.get("STATE_DIR") or ROOT / ".local").resolve()
    return _python(
        "-m", "celery", "-A", "plg_site.schedule", "--quiet", "beat", "--loglevel", "WARNING",
        "--schedule", str(state / "beat-schedule"), "--pidfile", "", *more,
    )  # fmt: skip


def _events(env: Environ, more: Sequence[str]) -> list[str]:
    """stores what happened (--readers: and does what `readers` does)"""
    return _manage("consume_events", *more)


def _readers(env: Environ, more: Sequence[str]) -> list[str]:
    """does what follows the log"""
    return _manage("run_readers", *more)


def _outbound(env: Environ, more: Sequence[str]) -> list[str]:
    """sends mail and messages"""
    return _manage("run_outbound", *more)


def _live(env: Environ, more: Sequence[str]) -> list[str]:
    """tells open pages that something changed (LIVE_BIND)"""
    host, _, port = (env.get("LIVE_BIND") or "127.0.0.1:8002").rpartition(":")
    return _python("-m", "plg_site.live", "--host", host.strip("[]"), "--port", port, *more)


def _collect(env: Environ, more: Sequence[str]) -> list[str]:
    """takes events of websites, apps and servers (COLLECT_BIND)"""
    host, _, port = (env.get("COLLECT_BIND") or "127.0.0.1:8003").rpartition(":")
    return _python("-m", "plg_site.collect", "--host", host.strip("[]"), "--port", port, *more)


def _background(env: Environ, more: Sequence[str]) -> list[str]:
    """worker, beat, events, readers and outbound in one process, for a small machine"""
    return _python("-m", "plg_site.together", *more)


def _prepare(env: Environ, more: Sequence[str]) -> list[str]:
    """brings databases and website up to date, then ends; before each new version"""
    return _manage("prepare", *more)


def _wait(env: Environ, more: Sequence[str]) -> list[str]:
    """ends when `prepare` of this version is through: before what starts beside it"""
    return _manage("wait_until_prepared", *more)


ROLES: dict[str, Role] = {
    "web": _web,
    "worker": _worker,
    "beat": _beat,
    "events": _events,
    "outbound": _outbound,
    "readers": _readers,
    "live": _live,
    "collect": _collect,
    "background": _background,
    "prepare": _prepare,
    "wait": _wait,
}


def main(words: Sequence[str]) -> int:
    """Become the role. 2: there is none of that name; 78: its settings are not complete."""
    if not words or words[0] in {"-h", "--help"}:
        print(_help())
        return 0 if words else 2
    os.chdir(ROOT)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        becomes = command(words[0], words[1:])
    except Unknown as error:
        print(error, file=sys.stderr)
        return 2
    if missing := _missing():
        print(missing, file=sys.stderr)
        return NOT_SET_UP
    os.execv(becomes[0], becomes)  # noqa: S606  the process itself: signals reach it, nothing is between


def _missing() -> str:
    """What the environment lacks, in words. Each role would say so, but in the middle of a traceback."""
    from importlib import import_module

    from django.core.exceptions import ImproperlyConfigured

    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as error:
        return str(error)
    return ""


def _help() -> str:
    said = [f"  {name:<11} {role.__doc__}" for name, role in ROLES.items() if name != "worker"]
    return _HELP.format(roles="\n".join(said), queues=", ".join(queues.ORDER))


def _manage(*arguments: str) -> list[str]:
    return _python(str(ROOT / "manage.py"), *arguments)


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
