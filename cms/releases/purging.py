"""Tells what stands in front of the site (Varnish, a CDN) which addresses have changed.

After a release has become the one that visitors see, and as soon as a page or picture is taken away. A
task does it, so nobody who publishes waits; while it fails it is tried again, for as long as an old
copy may be shown at all: by then it has gone by itself (public.serving says how long it is kept).

WAGTAILFRONTENDCACHE names who is told, in Wagtail's form; plg_site.configuration.cdn makes it of CDN.
Wagtail's own sending is not used: it would purge before the release is there, and takes no failure for one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

import structlog
from celery import current_app
from django.conf import settings
from django.utils.module_loading import import_string
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from cms.releases import shared, shelf
from cms.releases.shelf import Release

log = structlog.get_logger(__name__)

EVERYTHING = "*"
MOST = 500  # addresses; of more, all of the site is purged
ONCE_MORE = 15.0  # seconds: by then every machine shows the release that one of them built
_TASK = "cms.tasks.purge"


class NotPurged(Exception):
    """Who stands in front was not told, or did not take it; the words say who and why."""


def changed(before: Release | None, after: Release) -> list[str]:
    """The addresses, without their first slash, at which visitors see something else than before."""
    old = {path: entry.digest for path, entry in before.entries.items()} if before else {}
    new = {path: entry.digest for path, entry in after.entries.items()}
    return sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))


def soon(paths: Collection[str]) -> None:
    """Have a worker purge these; call it once what they show is what visitors get. Never fails.

    Where several machines show the site it is done twice: one that is behind may have answered meanwhile.
    """
    if not paths or not _backends():
        return
    wanted = sorted(paths) if len(paths) <= MOST else [EVERYTHING]
    task = current_app.tasks[_TASK]  # by its name: its module stands on this one
    for wait in (None, ONCE_MORE) if shared.is_on() else (None,):
        try:
            options = {"max_retries": 0}
            with current_app.connection_for_write(transport_options=options) as broker:
                task.apply_async((wanted,), countdown=wait, connection=broker, retry=False)
        except (OperationalError, KombuError, RedisError, OSError) as unreachable:
            log.warning("no broker, purging from this process", error=str(unreachable))
            threading.Thread(target=_once, args=[wanted], name="purge", daemon=True).start()
            return


def purge(paths: Collection[str]) -> None:
    """Tell everybody who keeps copies. Raises NotPurged, after all were told who could be."""
    failed = []
    for name, options in _backends().items():
        said: list[str] = []
        try:
            with _overheard(said):
                backend = import_string(options["BACKEND"])(
                    {key: value for key, value in options.items() if key != "BACKEND"}
                )
                backend.purge_batch(_urls(paths, backend))
        except Exception as error:  # whatever a library of theirs raises
            said.append(f"{type(error).__name__}: {error}")
        if said:
            failed.append(f"{name}: {said[0][:300]}")
    if failed:
        log.warning("site_not_purged", addresses=len(paths), why=failed)
        raise NotPurged("; ".join(failed))
    log.info("site_purged", addresses=len(paths))


def _once(paths: Collection[str]) -> None:
    with suppress(NotPurged):  # it is in the log, and the copies go by themselves
        purge(paths)


def _backends() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = settings.WAGTAILFRONTENDCACHE
    return found


def _urls(paths: Collection[str], backend: Any) -> list[str]:
    """Cloudflare knows no pattern in its list: there, all are all that the release has."""
    if EVERYTHING in paths and getattr(backend, "CHUNK_SIZE", None):
        release = shelf.current()
        paths = release.entries.keys() if release else []
    return [f"{settings.SITE_URL}/{quote(path, safe='/*')}" for path in paths]


@contextmanager
def _overheard(said: list[str]) -> Iterator[None]:
    """Wagtail's backends write to the log what failed, and raise nothing."""
    ears, root = _Ears(said), logging.getLogger()
    root.addHandler(ears)
    try:
        yield
    finally:
        root.removeHandler(ears)


class _Ears(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._said, self._thread = said, threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if threading.get_ident() == self._thread:
            self._said.append(record.getMessage())
